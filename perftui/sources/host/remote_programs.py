"""What runs on the machine at the other end: nothing is installed there, and it ends with the connection.

Both programs answer a line of their input with lines that end with one of a single dot, in the same words:
`now`: counters; `all`: file systems and processes too; `who PID ...`: about these; `ports PORT ...`: who listens.
Each argument of a process ends with the character 1, once or twice: one that does not was cut, or may have been.
"""

START = (
    'exec sh -c \'n=$(printf "\\nx"); n=${n%x}; while IFS= read -r l && [ "$l" != END ]; do s=$s$l$n; done; eval "$s"\''
)
"""For any login shell; reads the first program up to END from its input, then runs it."""

END = "END\n"

SHELL = r"""
LC_ALL=C; export LC_ALL
if python3 -c 'import psutil' 2>/dev/null; then
  echo "perftui 1 psutil $(uname -n)"
  exec python3 -u -c 'import sys; exec(eval(sys.stdin.readline()))'
fi
if [ ! -r /proc/stat ] || ! command -v awk >/dev/null; then echo "perftui 1 nothing $(uname -s)"; exit; fi
echo "perftui 1 proc $(uname -n)"
end=$(printf '\001')
disks=" $(ls /sys/block 2>/dev/null | tr '\n' ' ') "
ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
page=$(getconf PAGESIZE 2>/dev/null || echo 4096)
pressure=
for file in /proc/pressure/io /proc/pressure/memory; do
  cat $file >/dev/null 2>&1 && pressure="$pressure $file"
done
counters() {
  physical=-
  if [ -d /sys/class/net ]; then physical=" "; fi
  for device in /sys/class/net/*/device; do
    interface=${device%/device}
    [ -e "$device" ] && [ ! -e "$interface/master/device" ] && physical="$physical${interface##*/} "
  done
  awk -v disks="$disks" -v ticks="$ticks" -v physical="$physical" '
    FILENAME == "/proc/stat" && /^cpu[0-9]/ {
      print "cpu", $2 / ticks, $3 / ticks, $4 / ticks, $5 / ticks, $6 / ticks, $7 / ticks, $8 / ticks, $9 / ticks
    }
    FILENAME == "/proc/stat" && $1 == "btime" { print "boot", $2 }
    FILENAME == "/proc/meminfo" { kb[$1] = $2 }
    FILENAME == "/proc/loadavg" { print "load", $1, $2, $3 }
    FILENAME == "/proc/uptime" { print "up", $1 }
    FILENAME == "/proc/pressure/io" && $1 == "some" { sub("total=", "", $5); print "stall io", $5 }
    FILENAME == "/proc/pressure/memory" && $1 == "full" { sub("total=", "", $5); print "stall memory", $5 }
    FILENAME == "/proc/net/dev" && /:/ {
      sub(":", " "); is = physical == "-" ? "-" : index(physical, " " $1 " ") ? "yes" : "no"
      print "net", $1, $2, $10, $4 + $12, is
    }
    FILENAME == "/proc/diskstats" && index(disks, " " $3 " ") {
      printf "disk %s %.0f %.0f %.0f %.0f\n", $3, $6 * 512, $10 * 512, $4 + $8, $13
    }
    END {
      free = ("MemAvailable:" in kb) ? kb["MemAvailable:"] : kb["MemFree:"] + kb["Cached:"] + kb["Buffers:"]
      printf "mem %.0f %.0f %.0f %.0f\n", kb["MemTotal:"]*1024, free*1024, kb["SwapTotal:"]*1024, kb["SwapFree:"]*1024
    }
  ' /proc/stat /proc/meminfo /proc/loadavg /proc/uptime /proc/net/dev /proc/diskstats $pressure 2>/dev/null
}
filesystems() {
  { df -Pk / ; df -Pkl || df -Pk; } 2>/dev/null | awk '$6 ~ /^\// && $1 !~ /^\/dev\/loop/ && ($1 ~ /^\// || $6 == "/") {
    mount = $6; for (i = 7; i <= NF; i++) mount = mount " " $i
    printf "fs %.0f %.0f %.0f %s\n", $2 * 1024, $3 * 1024, $4 * 1024, mount
  }' | head -n 60
}
processes() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v ticks="$ticks" -v page="$page" '{
    at = match($0, /\) [A-Za-z] /)
    if (!at) next
    name = substr($0, 1, at - 1); pid = name + 0; sub(/^[0-9]+ \(/, "", name)
    split(substr($0, at + 2), f, " ")
    used = (f[12] + f[13]) / ticks
    if (f[22] > 0) printf "proc %d %.2f %.0f %d %.2f %s\n", pid, used, f[22] * page, f[18], f[20] / ticks, name
  }' | sort -k3,3nr | head -n 1500
}
about() {
  for pid in "$@"; do
    [ -r "/proc/$pid/cmdline" ] || continue
    user=$(ls -ld "/proc/$pid" 2>/dev/null | awk '{ print $3 }')
    files=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
    limit=$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits" 2>/dev/null)
    line=$(head -c 2001 "/proc/$pid/cmdline" 2>/dev/null | tr '\000\n' '\001 ')
    [ ${#line} -gt 400 ] || line=$line$end
    printf '%s\n' "who $pid ${user:--} $files ${limit:--} $line"
  done
}
listeners() {
  for port in "$@"; do
    ss -Hltnp "sport = :$port" 2>/dev/null | grep -o 'pid=[0-9]*' | sort -u | sed "s/pid=/listen $port /"
  done
}
while read -r what rest; do
  case $what in
    now) counters ;;
    all) counters; filesystems; processes ;;
    who) about $rest ;;
    ports) listeners $rest ;;
  esac
  echo .
done
"""

PYTHON = r"""
import os, sys, time
import psutil

def stalls():
    for what, kind in ("io", "some"), ("memory", "full"):
        try:
            with open("/proc/pressure/" + what) as file:
                for line in file:
                    if line.startswith(kind):
                        print("stall", what, line.rpartition("total=")[2].strip())
        except OSError:
            pass

def counters():
    for core in psutil.cpu_times(percpu=True):
        parts = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
        print("cpu", *(getattr(core, part, 0) for part in parts))
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    print("mem", memory.total, memory.available, swap.total, swap.free)
    print("load", *os.getloadavg())
    print("boot", psutil.boot_time())
    print("up", time.monotonic())
    stalls()
    for name, nic in psutil.net_io_counters(pernic=True, nowrap=False).items():
        print("net", name.replace(" ", "_"), nic.bytes_recv, nic.bytes_sent, nic.errin + nic.errout, physical(name))
    for name, disk in (psutil.disk_io_counters(perdisk=True, nowrap=False) or {}).items():
        if not os.path.isdir("/sys/block") or os.path.exists("/sys/block/" + name.replace("/", "!")):
            done, busy = disk.read_count + disk.write_count, getattr(disk, "busy_time", "-")
            print("disk", name, disk.read_bytes, disk.write_bytes, done, busy)

def physical(name):
    if not os.path.isdir("/sys/class/net"):
        return "-"
    real, inside = (os.path.exists("/sys/class/net/" + name + end) for end in ("/device", "/master/device"))
    return "yes" if real and not inside else "no"

def filesystems():
    parts = psutil.disk_partitions(all=False)
    for mount in ["/"] + [part.mountpoint for part in parts if "ro" not in part.opts.split(",")][:60]:
        try:
            use = psutil.disk_usage(mount)
        except OSError:
            continue
        if not os.path.isfile(mount):
            print("fs", use.total, use.used, use.free, mount.replace("\n", " "))

def processes():
    boot, rows = psutil.boot_time(), []
    for one in psutil.process_iter(["name", "cpu_times", "memory_info", "num_threads", "create_time"]):
        said = one.info
        if said["cpu_times"] is not None and said["memory_info"] is not None and said["memory_info"].rss:
            used = said["cpu_times"].user + said["cpu_times"].system
            name = (said["name"] or "?").replace("\n", " ")
            born = said["create_time"] - boot
            rows.append((used, one.pid, said["memory_info"].rss, said["num_threads"] or 0, born, name))
    for used, pid, resident, threads, born, name in sorted(rows, reverse=True)[:1500]:
        print("proc", pid, used, resident, threads, born, name)

def about(pids):
    for pid in pids:
        try:
            one = psutil.Process(int(pid))
            line = "".join(part + "\x01" for part in one.cmdline())[:2001].replace("\n", " ")
            user = one.username()
        except psutil.Error:
            continue
        files = limit = "-"
        try:
            files = one.num_fds()
            limit = one.rlimit(psutil.RLIMIT_NOFILE)[0]
        except (psutil.Error, AttributeError, OSError):
            pass
        print("who", pid, user.replace(" ", "_") or "-", files, limit, line.encode("utf-8", "replace").decode())

def listeners(ports):
    try:
        for one in psutil.net_connections("tcp"):
            if one.pid and one.status == psutil.CONN_LISTEN and one.laddr and str(one.laddr.port) in ports:
                print("listen", one.laddr.port, one.pid)
    except (psutil.Error, OSError):
        pass

for line in iter(sys.stdin.readline, ""):
    what, *rest = line.split() or [""]
    if what in ("now", "all"):
        counters()
    if what == "all":
        filesystems()
        processes()
    if what == "who":
        about(rest)
    if what == "ports":
        listeners(rest)
    print(".", flush=True)
"""
