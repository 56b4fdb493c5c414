/* LZ4's block format, only read. */

#include <stddef.h>
#include <string.h>

/* Expands one block of LZ4; gives 0 where it is not whole. */
static int expand(const unsigned char *from, const unsigned char *end, unsigned char *to, const unsigned char *room) {
    const unsigned char *start = to;
    while (from < end) {
        unsigned token = *from++, more;
        size_t literals = token >> 4, match = (token & 15) + 4;
        if (literals == 15)
            do {
                if (from == end) return 0;
                literals += more = *from++;
            } while (more == 255);
        if (literals > (size_t)(end - from) || literals > (size_t)(room - to)) return 0;
        to = (unsigned char *)memcpy(to, from, literals) + literals;
        from += literals;
        if (from == end) return to == room;
        if (end - from < 2) return 0;
        size_t back = from[0] | (size_t)from[1] << 8;
        from += 2;
        if (match == 19)
            do {
                if (from == end) return 0;
                match += more = *from++;
            } while (more == 255);
        if (!back || match > (size_t)(room - to) || back > (size_t)(to - start)) return 0;
        for (; match >= 8 && back >= 8; match -= 8, to += 8) memcpy(to, to - back, 8);
        for (; match; match--, to++) *to = to[-(ptrdiff_t)back];
    }
    return 0;
}
