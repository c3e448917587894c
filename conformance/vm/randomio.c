/* Random operations on one file, each checked against a copy of it in memory.
 *
 *   randomio FILE SEED OPERATIONS [direct|mmap]
 *
 * FILE is made anew and stays. direct: O_DIRECT, in whole pages. mmap: pages are mapped, too. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define SIZE_MAX_BYTES (768 * 1024)
#define LENGTH_MAX_BYTES (96 * 1024)

static unsigned char model[SIZE_MAX_BYTES];
static unsigned char buffer[SIZE_MAX_BYTES] __attribute__((aligned(PAGE)));
static size_t size;
static const char *path;
static int fd = -1;
static bool direct;
static uint64_t state;
static unsigned long step, done[16];

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void fail(const char *what)
{
    printf("step %lu: %s: %s\n", step, what, errno ? strerror(errno) : "wrong");
    exit(1);
}

static void must(bool good, const char *what)
{
    if (!good)
        fail(what);
}

static void same(const unsigned char *got, size_t offset, size_t length, const char *what)
{
    for (size_t i = 0; i < length; i++) {
        if (got[i] == model[offset + i])
            continue;
        printf("step %lu: %s at %zu+%zu: byte %zu is %02x, not %02x; size %zu\n", step, what, offset,
               length, offset + i, got[i], model[offset + i], size);
        exit(1);
    }
}

static void open_file(int flags)
{
    fd = open(path, O_RDWR | flags | (direct ? O_DIRECT : 0), 0644);
    must(fd >= 0, "open");
}

static void pick(size_t *offset, size_t *length, size_t end)
{
    *offset = draw((uint32_t)end);
    *length = 1 + draw(draw(4) ? LENGTH_MAX_BYTES : 64);
    if (direct) {
        *offset &= ~(size_t)(PAGE - 1);
        *length = (*length + PAGE - 1) & ~(size_t)(PAGE - 1);
    }
    if (*offset + *length > end)
        *length = end - *offset;
}

static void grow(size_t end)
{
    if (end > size)
        size = end;
}

static void op_write(void)
{
    size_t offset, length;
    pick(&offset, &length, SIZE_MAX_BYTES);
    for (size_t i = 0; i < length; i++)
        buffer[i] = (unsigned char)draw(256);
    must(pwrite(fd, buffer, length, (off_t)offset) == (ssize_t)length, "write");
    memcpy(model + offset, buffer, length);
    grow(offset + length);
}

static void op_read(void)
{
    size_t offset, length;
    pick(&offset, &length, SIZE_MAX_BYTES);
    size_t there = offset >= size ? 0 : size - offset < length ? size - offset : length;
    ssize_t got = pread(fd, buffer, length, (off_t)offset);
    must(got == (ssize_t)there, "read: length");
    same(buffer, offset, there, "read");
}

static void op_truncate(void)
{
    size_t length = draw(SIZE_MAX_BYTES);
    if (draw(3))
        must(ftruncate(fd, (off_t)length) == 0, "ftruncate");
    else
        must(truncate(path, (off_t)length) == 0, "truncate");
    if (length < size)
        memset(model + length, 0, size - length);
    size = length;
}

static void op_size(void)
{
    struct stat st;
    must(fstat(fd, &st) == 0 && st.st_size == (off_t)size, "size");
    must(stat(path, &st) == 0 && st.st_size == (off_t)size, "size by name");
}

static void op_sync(void)
{
    must(fsync(fd) == 0, "fsync");
}

static void op_reopen(void)
{
    must(close(fd) == 0, "close");
    open_file(0);
}

static void op_punch(void)
{
    size_t offset, length;
    pick(&offset, &length, SIZE_MAX_BYTES);
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length)) {
        must(errno == EOPNOTSUPP, "punch");
        errno = 0;
        return;
    }
    memset(model + offset, 0, length);
    done[15]++;
}

static void op_map(void)
{
    size_t offset, length;
    if (!size)
        return;
    pick(&offset, &length, size);
    size_t skip = offset & (PAGE - 1);
    unsigned char *at = mmap(NULL, length + skip, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(offset - skip));
    must(at != MAP_FAILED, "mmap");
    same(at + skip, offset, length, "mapped");
    if (draw(2)) {
        for (size_t i = 0; i < length; i++)
            model[offset + i] = at[skip + i] = (unsigned char)draw(256);
        must(msync(at, length + skip, MS_SYNC) == 0, "msync");
    }
    must(munmap(at, length + skip) == 0, "munmap");
}

int main(int argc, char **argv)
{
    static void (*const operations[])(void) = {op_write, op_write, op_write,  op_read, op_read,   op_read,
                                               op_size,  op_sync,  op_reopen, op_punch, op_truncate, op_map};
    must(argc >= 4, "arguments");
    path = argv[1];
    state = strtoull(argv[2], NULL, 10);
    direct = argc > 4 && !strcmp(argv[4], "direct");
    bool map = argc > 4 && !strcmp(argv[4], "mmap");
    open_file(O_CREAT | O_TRUNC);
    for (step = 1; step <= strtoul(argv[3], NULL, 10); step++) {
        uint32_t which = draw(map ? 12 : 11);
        errno = 0;
        operations[which]();
        done[which]++;
    }
    must(close(fd) == 0, "close");
    direct = false;
    open_file(0);
    must(pread(fd, buffer, sizeof(buffer), 0) == (ssize_t)size, "the end: length");
    same(buffer, 0, size, "the end");
    printf("%lu operations, %lu holes, %zu bytes at the end\n", step - 1, done[15], size);
    return 0;
}
