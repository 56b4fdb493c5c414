/* The first part of the single file: unpacks the rest into a private folder and becomes the monitor.

   Linked without any library of the system, so that it runs where there is none, or an old one. Behind it in the file
   stand the files to unpack, a table of them, and a footer; packing.py writes these. The interpreter in there names
   its loader by a path that is known here only, so a placeholder in it is overwritten. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "expand.h"

#define PREFIX "perftui-unpacked-"
#define PROGRAM "bin/perftui"
#define LOADER "lib/loader.so"
#define STARTER "lib/start.pyc"
#define ABANDONED_AFTER_S 10 /* a younger folder may belong to a start that has not locked it yet */
#define UNREACHABLE 3
#define NOT_WHOLE "This file is not whole; copy it again and compare its SHA-256."

struct footer {
    char magic[8];
    uint64_t table, table_size, placeholder, placeholder_size;
};

struct told {
    char text[4096];
};

static void fail(const char *sentence, ...) {
    va_list rest;
    va_start(rest, sentence);
    fputs("perftui: ", stderr);
    vfprintf(stderr, sentence, rest);
    fputc('\n', stderr);
    exit(UNREACHABLE);
}

static void tell(struct told *told, const char *folder, const char *why) {
    size_t used = strlen(told->text);
    snprintf(told->text + used, sizeof told->text - used, "%s%s: %s", used ? "; " : "", folder, why);
}

/* Removes what an earlier start left, without following links. Nothing of another user, nothing in use. */
static void remove_all(int parent, const char *name) {
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (unlinkat(folder, entry->d_name, 0) != 0) remove_all(folder, entry->d_name);
    }
    closedir(entries);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static int is_abandoned(int folder) {
    struct stat about;
    return fstat(folder, &about) == 0 && about.st_uid == geteuid() &&
           time(NULL) - about.st_ctime > ABANDONED_AFTER_S && flock(folder, LOCK_EX | LOCK_NB) == 0;
}

static void sweep(const char *place) {
    DIR *entries = opendir(place);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX))) continue;
        int folder = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0) continue;
        if (is_abandoned(folder)) remove_all(dirfd(entries), entry->d_name);
        close(folder);
    }
    closedir(entries);
}

/* Writes one file of which the stored bytes are its own, or a block of LZ4. */
static int write_file(int file, const unsigned char *stored, size_t stored_size, size_t size) {
    unsigned char *expanded = NULL;
    if (stored_size != size) {
        if (!(expanded = malloc(size))) return ENOMEM;
        if (!expand(stored, stored + stored_size, expanded, expanded + size)) return free(expanded), EBADMSG;
        stored = expanded;
    }
    int failure = 0;
    for (size_t done = 0; done < size && !failure;) {
        ssize_t written = write(file, stored + done, size - done);
        if (written < 0) failure = errno;
        else done += (size_t)written;
    }
    free(expanded);
    return failure;
}

/* Gives 0 where all was written, else why not. The table's lines: mode, offset, bytes stored, size, path; folders end
   in '/'. */
static int unpack(const unsigned char *self, int folder, char *table) {
    char *rest = table;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        unsigned mode;
        size_t offset, stored, size;
        int at = 0;
        if (sscanf(line, "%o %zu %zu %zu %n", &mode, &offset, &stored, &size, &at) != 4) return EINVAL;
        char *path = line + at;
        if (path[strlen(path) - 1] == '/') {
            if (mkdirat(folder, path, 0700) != 0) return errno;
            continue;
        }
        int file = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file < 0) return errno;
        int failure = write_file(file, self + offset, stored, size);
        if (close(file) != 0 && !failure) failure = errno;
        if (failure) return failure;
    }
    return 0;
}

static int name_loader(int folder, const char *path, const struct footer *footer) {
    char loader[PATH_MAX] = {0};
    if (snprintf(loader, sizeof loader, "%s/" LOADER, path) >= (int)footer->placeholder_size) return ENAMETOOLONG;
    int program = openat(folder, PROGRAM, O_WRONLY | O_CLOEXEC);
    if (program < 0) return errno;
    ssize_t written = pwrite(program, loader, footer->placeholder_size, (off_t)footer->placeholder);
    int failure = written == (ssize_t)footer->placeholder_size ? 0 : written < 0 ? errno : EIO;
    return close(program) != 0 && !failure ? errno : failure;
}

/* Unpacks in this place, or tells why it cannot. */
static int settle(const char *place, const unsigned char *self, const struct footer *footer, char *path,
                  struct told *told) {
    struct statvfs about;
    if (!place || place[0] != '/') return -1;
    if (statvfs(place, &about) != 0) return tell(told, place, strerror(errno)), -1;
    if (about.f_flag & ST_NOEXEC) return tell(told, place, "mounted noexec, no program may run there"), -1;
    sweep(place);
    snprintf(path, PATH_MAX, "%s/" PREFIX "XXXXXX", place);
    if (!mkdtemp(path)) return tell(told, place, strerror(errno)), -1;
    int folder = open(path, O_RDONLY | O_DIRECTORY);
    char *table = strndup((const char *)self + footer->table, footer->table_size);
    int failure = folder < 0 || !table || flock(folder, LOCK_SH) != 0 ? errno : unpack(self, folder, table);
    if (!failure) failure = name_loader(folder, path, footer);
    free(table);
    if (!failure) return folder;
    remove_all(AT_FDCWD, path);
    if (failure == EBADMSG) fail(NOT_WHOLE);
    tell(told, place, strerror(failure));
    if (folder >= 0) close(folder);
    return -1;
}

static void become(const char *path, int folder, int count, char **arguments) {
    char program[PATH_MAX], starter[PATH_MAX], number[16];
    char **all = calloc((size_t)count + 6, sizeof *all);
    if (!all) fail("There is no memory left.");
    snprintf(program, sizeof program, "%s/" PROGRAM, path);
    snprintf(starter, sizeof starter, "%s/" STARTER, path);
    snprintf(number, sizeof number, "%d", folder);
    char *head[] = {program, "-I", "-S", starter, number};
    memcpy(all, head, sizeof head);
    for (int index = 1; index < count; index++) all[index + 4] = arguments[index];
    execv(program, all);
    int failure = errno;
    remove_all(AT_FDCWD, path);
    fail("What was unpacked to %s cannot be run: %s. Name another folder: TMPDIR=/a/folder.", path, strerror(failure));
}

/* This file's bytes; exits with a sentence where they are not all there. */
static const unsigned char *read_self(struct footer *footer) {
    struct stat about;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (self < 0) fail("/proc cannot be read, and perftui needs it: mount it first (mount -t proc proc /proc).");
    if (fstat(self, &about) != 0) fail("This file cannot be read: %s.", strerror(errno));
    size_t end = (size_t)about.st_size - sizeof *footer;
    const unsigned char *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, self, 0);
    if (bytes == MAP_FAILED) fail("This file cannot be read: %s.", strerror(errno));
    memcpy(footer, bytes + end, sizeof *footer);
    if (memcmp(footer->magic, "PERFTUI\1", sizeof footer->magic) || footer->table + footer->table_size != end)
        fail(NOT_WHOLE);
    return bytes;
}

int main(int count, char **arguments) {
    struct footer footer;
    const unsigned char *self = read_self(&footer);
    const char *places[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("HOME")};
    struct told told = {0};
    for (size_t index = 0; index < sizeof places / sizeof *places; index++) {
        char path[PATH_MAX];
        int folder = settle(places[index], self, &footer, path, &told);
        if (folder >= 0) become(path, folder, count, arguments);
    }
    fail("There is no folder to unpack to (%s). Name one with 50 MB free where programs may run: TMPDIR=/a/folder.",
         told.text[0] ? told.text : "none was found");
}
