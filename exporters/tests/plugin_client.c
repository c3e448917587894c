/* Drives the exporter that plugin.sh has built: plugin_client good|refused SPECIFICATION [TEXT].
 * "good": open, write, read and list work. "refused": it does not start, and the message holds
 * TEXT. */
#include "exporters/registry.h"
#include "exporters/tests/world.h"

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: %s does not hold\n", __LINE__, #condition);                           \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int drive(struct tb_exporter *exporter)
{
    struct opened opened, root;
    struct listed entry;
    struct tb_attributes attributes;
    char buffer[100];
    size_t length = sizeof buffer, count;
    bool end;

    CHECK(call_open(exporter, "absent", TB_OPEN_EXISTING, false, &opened) ==
          TB_OBJECT_NAME_NOT_FOUND);
    CHECK(call_open(exporter, "note", TB_OPEN_EXISTING, false, &opened) == TB_OK);
    CHECK(call_write(exporter, opened.handle, 0, "from outside", 12) == TB_OK);
    CHECK(call_write(exporter, opened.handle, 4090, "too far", 7) == TB_DISK_FULL);
    CHECK(call_read(exporter, opened.handle, 5, buffer, &length) == TB_OK);
    CHECK(length == 7 && memcmp(buffer, "outside", 7) == 0);
    CHECK(call_get(exporter, opened.handle, &attributes) == TB_OK && attributes.size == 12);
    CHECK(call_set_size(exporter, opened.handle, 0) == TB_NOT_SUPPORTED);
    CHECK(call_open(exporter, "", TB_OPEN_EXISTING, false, &root) == TB_OK);
    CHECK(call_list(exporter, root.handle, 0, &entry, 1, &count, &end) == TB_OK);
    CHECK(end && count == 1 && strcmp(entry.name, "note") == 0);
    call_close(exporter, root.handle);
    call_close(exporter, opened.handle);
    return 0;
}

int main(int count, char **arguments)
{
    static struct world world;
    struct tb_exporter *exporter;
    char message[300];

    world_init(&world);
    struct tb_env env = world_env(&world);
    CHECK(count >= 3);
    enum tb_error error = tb_exporter_make(arguments[2], &env, &exporter, message, sizeof message);
    printf("%s: %s %s\n", arguments[2], tb_error_name(error), message);
    if (strcmp(arguments[1], "refused") == 0) {
        CHECK(error != TB_OK && count == 4 && strstr(message, arguments[3]));
        return 0;
    }
    CHECK(error == TB_OK);
    int result = drive(exporter);
    tb_exporter_free(exporter);
    return result;
}
