"""Where figures are kept: blocks of counters in a slab of memory, one slab a process, merged over all workers."""
