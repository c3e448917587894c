/* The filters, the registry, and core/exporter.c underneath them. */
#include "exporters/filters/filters.h"
#include "exporters/option.h"
#include "exporters/plugin.h"
#include "exporters/registry.h"
#include "exporters/tests/contract.h"
#include "exporters/tests/world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct world world;
static struct tb_exporter *exporter;
static char message[300];

#define assert_ok(call)           ck_assert_int_eq((call), TB_OK)
#define assert_error(call, error) ck_assert_int_eq((call), (error))

static enum tb_error make(const char *specification)
{
    struct tb_env env;
    world_init(&world);
    env = world_env(&world);
    memset(message, 0, sizeof message);
    return tb_exporter_make(specification, &env, &exporter, message, sizeof message);
}

static void make_ok(const char *specification)
{
    enum tb_error error = make(specification);
    ck_assert_msg(error == TB_OK, "%s: %s", specification, message);
}

static struct tb_exporter *start_filtered(void)
{
    make_ok("memory:,filter=log,filter=fault,filter=fault:delay_us=1,filter=log");
    return exporter;
}

/* Take the filter readonly away, to change what is under it. */
static struct tb_exporter *below_of(struct tb_exporter *filter)
{
    struct tb_exporter *below;
    memcpy(&below, filter->self, sizeof below); /* struct tb_filter's first field */
    return below;
}

START_TEST(readonly_lets_nothing_change)
{
    struct tb_exporter_capabilities c;
    struct opened o;
    struct tb_attributes a = {0};
    char byte;
    size_t length = 1;

    make_ok("memory:,filter=readonly");
    struct tb_exporter *below = below_of(exporter);
    exporter->ops.capabilities(exporter->self, &c);
    ck_assert(c.read_only);
    assert_error(path_create(exporter, "f", false), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_open(exporter, "f", TB_OPEN_EITHER, false, &o), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_open(exporter, "f", TB_OPEN_EXISTING, false, &o), TB_OBJECT_NAME_NOT_FOUND);
    assert_error(call_open(exporter, "d/f", TB_OPEN_EITHER, false, &o), TB_OBJECT_PATH_NOT_FOUND);
    assert_ok(call_open(below, "f", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(below, o.handle, 0, "x", 1));
    call_close(below, o.handle);

    assert_ok(call_open(exporter, "f", TB_OPEN_EITHER, false, &o));
    assert_ok(call_read(exporter, o.handle, 0, &byte, &length));
    ck_assert_int_eq(byte, 'x');
    assert_ok(call_get(exporter, o.handle, &a));
    assert_error(call_write(exporter, o.handle, 0, "y", 1), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_set(exporter, o.handle, 0, &a), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_set_size(exporter, o.handle, 0), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_set_allocation(exporter, o.handle, 0), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_rename(exporter, o.handle, "g", false), TB_MEDIA_WRITE_PROTECTED);
    assert_error(call_remove(exporter, o.handle), TB_MEDIA_WRITE_PROTECTED);
    call_close(exporter, o.handle);
    assert_ok(path_get(exporter, "f", &a));
    ck_assert_uint_eq(a.size, 1);
    tb_exporter_free(exporter);
}
END_TEST

/* A filter may change what a caller asks, but gives it back as it was. */
START_TEST(readonly_restores_the_call)
{
    struct tb_call call = {.operation = TB_CALL_OPEN,
                           .open = {.path = "f", .how = TB_OPEN_EITHER, .use = USE_ALL}};
    make_ok("memory:,filter=readonly");
    assert_error(call_run(exporter, &call), TB_MEDIA_WRITE_PROTECTED);
    ck_assert_int_eq(call.open.how, TB_OPEN_EITHER);
    tb_exporter_free(exporter);
}
END_TEST

START_TEST(log_writes_a_line_for_each_call)
{
    struct opened o;
    struct tb_space space;
    char buffer[10];
    size_t length = sizeof buffer;

    make_ok("memory:,filter=log");
    assert_ok(call_open(exporter, "a.txt", TB_OPEN_NEW, false, &o));
    assert_ok(call_write(exporter, o.handle, 3, "hello", 5));
    assert_ok(call_read(exporter, o.handle, 4, buffer, &length));
    assert_ok(call_set_size(exporter, o.handle, 2));
    assert_error(call_rename(exporter, o.handle, "x/y", true), TB_OBJECT_PATH_NOT_FOUND);
    call_close(exporter, o.handle);
    assert_ok(call_space(exporter, &space));
    assert_error(call_open(exporter, "b", TB_OPEN_EXISTING, true, &o), TB_OBJECT_NAME_NOT_FOUND);
    ck_assert_str_eq(world.log,
                     "open #1 \"a.txt\" how=new use=0xf: OK, 1 us\n"
                     "write #1 \"a.txt\" offset=3 length=5: OK, 1 us\n"
                     "read #1 \"a.txt\" offset=4 read=4: OK, 1 us\n"
                     "set_size #1 \"a.txt\" size=2: OK, 1 us\n"
                     "rename #1 \"a.txt\" to=\"x/y\" replace: STATUS_OBJECT_PATH_NOT_FOUND, 1 us\n"
                     "close #1 \"a.txt\": OK, 1 us\n"
                     "get_space: OK, 1 us\n"
                     "open #0 \"b\" how=existing use=0xf directory: STATUS_OBJECT_NAME_NOT_FOUND, "
                     "1 us\n");
    tb_exporter_free(exporter);
}
END_TEST

START_TEST(fault_fails_the_armed_call)
{
    struct opened o;
    make_ok("memory:,filter=fault");
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    tb_filter_fault_arm(exporter, TB_CALL_WRITE, 2, TB_DISK_FULL);
    assert_ok(call_write(exporter, o.handle, 0, "x", 1));
    assert_ok(call_set_size(exporter, o.handle, 0));
    assert_error(call_write(exporter, o.handle, 0, "x", 1), TB_DISK_FULL);
    assert_ok(call_write(exporter, o.handle, 0, "x", 1));
    tb_filter_fault_arm(exporter, TB_CALL_COUNT, 1, TB_ACCESS_DENIED);
    call_close(exporter, o.handle);
    assert_error(path_create(exporter, "g", false), TB_ACCESS_DENIED);
    assert_error(call_open(exporter, "g", TB_OPEN_EXISTING, false, &o), TB_OBJECT_NAME_NOT_FOUND);
    tb_filter_fault_arm(exporter, TB_CALL_COUNT, 1, TB_ACCESS_DENIED);
    tb_filter_fault_arm(exporter, TB_CALL_COUNT, 0, TB_ACCESS_DENIED);
    assert_ok(path_create(exporter, "g", false));
    ck_assert_uint_eq(tb_filter_fault_count(exporter, TB_CALL_WRITE), 3);
    ck_assert_uint_eq(tb_filter_fault_count(exporter, TB_CALL_CLOSE), 2);
    ck_assert_uint_eq(tb_filter_fault_count(exporter, TB_CALL_COUNT), 8);
    ck_assert_uint_eq(tb_filter_fault_failed(exporter), 2);
    tb_exporter_free(exporter);
}
END_TEST

START_TEST(fault_takes_options)
{
    struct tb_attributes a;
    make_ok("memory:,filter=fault:operation=open:at=3:error=STATUS_DISK_FULL");
    assert_ok(path_create(exporter, "a", false));
    assert_ok(path_create(exporter, "b", false));
    assert_error(path_create(exporter, "c", false), TB_DISK_FULL);
    assert_ok(path_create(exporter, "c", false));
    tb_exporter_free(exporter);

    make_ok("memory:,filter=fault:every=2");
    assert_ok(path_get(exporter, "", &a));
    assert_error(path_get(exporter, "", &a), TB_IO_DEVICE_ERROR);
    assert_ok(path_get(exporter, "", &a));
    assert_error(path_get(exporter, "", &a), TB_IO_DEVICE_ERROR);
    tb_exporter_free(exporter);
}
END_TEST

static uint64_t real_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

START_TEST(fault_delays)
{
    struct tb_attributes a;
    make_ok("memory:,filter=fault:operation=open:delay_us=20000");
    uint64_t start = real_us();
    assert_ok(path_get(exporter, "", &a));
    assert_ok(path_get(exporter, "", &a));
    ck_assert_uint_ge(real_us() - start, 40000);
    tb_exporter_free(exporter);
}
END_TEST

static const struct wrong {
    const char *specification;
    const char *says; /* part of the message */
} wrong_specifications[] = {
    {"memory", "has no \":\""},
    {"", "has no \":\""},
    {"memry:", "did you mean memory?"},
    {":", "unknown exporter \"\""},
    {"quantumfoam:", "known: memory posix plugin"},
    {"memory:siez=1M", "did you mean size?"},
    {"memory:,size=lots", "as in size=512M"},
    {"memory:,filter=logg", "did you mean log?"},
    {"memory:,filter=log:verbose", "remove \"verbose\""},
    {"memory:,filter=readonly:x", "remove \"x\""},
    {"memory:,filter=fault:opration=open", "did you mean operation?"},
    {"memory:,filter=fault:operation=opne", "did you mean open?"},
    {"memory:,filter=fault:at=0", "\"at=0\""},
    {"memory:,filter=fault:error=OK", "NTSTATUS name"},
    {"memory:,filter=fault:error=DISK_FUL", "NTSTATUS name"},
    {"memory:,filter=fault:operation=close:at=1", "close cannot fail"},
    {"plugin:", "as in plugin:./my.so"},
    {"plugin:x.so", "as in plugin:./x.so"},
    {"plugin:./there/is/no.so", "there/is/no.so"},
};

START_TEST(messages_say_what_to_do)
{
    const struct wrong *wrong = &wrong_specifications[_i];
    ck_assert_int_ne(make(wrong->specification), TB_OK);
    ck_assert_ptr_null(exporter);
    ck_assert_msg(strstr(message, wrong->says), "\"%s\" says \"%s\"", wrong->specification,
                  message);
}
END_TEST

START_TEST(short_buffers_hold_short_messages)
{
    struct tb_env env = world_env(&world);
    for (size_t size = 0; size < 100; size++) {
        char *text = malloc(size + 1);
        assert_error(
            tb_exporter_make("memory:,filter=fault:opration=x", &env, &exporter, text, size),
            TB_INVALID_PARAMETER);
        ck_assert(size == 0 || memchr(text, '\0', size));
        free(text);
    }
}
END_TEST

START_TEST(specifications_that_are_right)
{
    static const char *const right[] = {"memory:",
                                        "memory:,",
                                        "memory:,size=1M,",
                                        "memory:size=1M",
                                        "memory:filter=readonly",
                                        "memory:,filter=log,size=4K",
                                        "memory:,filter=fault:every=3:operation=write,filter=log"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        make_ok(right[i]);
        tb_exporter_free(exporter);
    }
}
END_TEST

/* An exporter that can do almost nothing. */
static enum tb_error bare_start(const char *argument, const char *const *options,
                                const struct tb_env *env, void **self, char *text, size_t size)
{
    (void)argument, (void)env, (void)text, (void)size;
    *self = NULL;
    return *options ? TB_INVALID_PARAMETER : TB_OK;
}

static void bare_stop(void *self)
{
    (void)self;
}

static void bare_capabilities(void *self, struct tb_exporter_capabilities *out)
{
    (void)self;
    memset(out, 0, sizeof *out);
}

static void bare_flush(void *self, struct tb_call *call)
{
    (void)self;
    tb_call_reply(call, TB_OK);
}

static const struct tb_exporter_ops bare = {
    .struct_size = sizeof bare,
    .api_version = TB_EXPORTER_API_VERSION,
    .name = "bare",
    .start = bare_start,
    .stop = bare_stop,
    .capabilities = bare_capabilities,
    .flush = bare_flush,
};

static enum tb_error start_table(const struct tb_exporter_ops *ops)
{
    struct tb_env env = world_env(&world);
    return tb_exporter_start(ops, NULL, NULL, &env, &exporter, message, sizeof message);
}

START_TEST(missing_operations_have_an_answer)
{
    assert_ok(start_table(&bare));
    for (unsigned operation = 0; operation < TB_CALL_COUNT; operation++) {
        struct tb_call call = {.operation = (enum tb_operation)operation};
        bool fine = operation == TB_CALL_FLUSH || operation == TB_CALL_CLOSE;
        assert_error(call_run(exporter, &call), fine ? TB_OK : TB_NOT_SUPPORTED);
    }
    tb_exporter_free(exporter);
    tb_exporter_free(NULL);
}
END_TEST

START_TEST(tables_may_be_shorter_or_longer)
{
    struct {
        struct tb_exporter_ops ops;
        void *from_the_future;
    } longer = {bare, NULL};
    struct tb_exporter_ops shorter = bare;

    longer.ops.struct_size = sizeof longer;
    assert_ok(start_table(&longer.ops));
    ck_assert_uint_eq(exporter->ops.struct_size, sizeof bare);
    tb_exporter_free(exporter);

    shorter.struct_size = offsetof(struct tb_exporter_ops, flush);
    assert_ok(start_table(&shorter));
    ck_assert(!exporter->ops.flush);
    struct tb_call call = {.operation = TB_CALL_FLUSH};
    assert_error(call_run(exporter, &call), TB_NOT_SUPPORTED);
    tb_exporter_free(exporter);
}
END_TEST

START_TEST(wrong_tables_are_refused)
{
    struct tb_exporter_ops ops = bare;
    ops.api_version++;
    assert_error(start_table(&ops), TB_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(strstr(message, "build it again"));
    ops = bare;
    ops.struct_size = 16;
    assert_error(start_table(&ops), TB_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(strstr(message, "struct_size"));
    ops = bare;
    ops.stop = NULL;
    assert_error(start_table(&ops), TB_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(strstr(message, "stop"));
}
END_TEST

START_TEST(operations_have_names)
{
    ck_assert_str_eq(tb_operation_name(TB_CALL_OPEN), "open");
    ck_assert_str_eq(tb_operation_name(TB_CALL_GET_SPACE), "get_space");
    for (unsigned i = 0; i < TB_CALL_COUNT; i++)
        ck_assert_ptr_nonnull(tb_operation_name((enum tb_operation)i));
    ck_assert_str_eq(tb_operation_name(TB_CALL_COUNT), "unknown");
}
END_TEST

START_TEST(frames_run_out_cleanly)
{
    struct opened o;
    make_ok("memory:,filter=log,filter=log,filter=log,filter=log,filter=log,filter=log,filter=log");
    assert_ok(call_open(exporter, "f", TB_OPEN_NEW, false, &o));
    call_close(exporter, o.handle);
    tb_exporter_free(exporter);
    make_ok("memory:,filter=log,filter=log,filter=log,filter=log,filter=log,filter=log,filter=log,"
            "filter=log");
    assert_error(call_open(exporter, "f", TB_OPEN_NEW, false, &o), TB_NO_MEMORY);
    tb_exporter_free(exporter);
}
END_TEST

int main(void)
{
    static const struct contract contract = {start_filtered, tb_exporter_free};
    Suite *suite = suite_create("filters and registry");
    TCase *tests = tcase_create("filters");

    suite_add_tcase(suite, contract_tests(&contract));
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, readonly_lets_nothing_change);
    tcase_add_test(tests, readonly_restores_the_call);
    tcase_add_test(tests, log_writes_a_line_for_each_call);
    tcase_add_test(tests, fault_fails_the_armed_call);
    tcase_add_test(tests, fault_takes_options);
    tcase_add_test(tests, fault_delays);
    tcase_add_loop_test(tests, messages_say_what_to_do, 0,
                        sizeof wrong_specifications / sizeof *wrong_specifications);
    tcase_add_test(tests, short_buffers_hold_short_messages);
    tcase_add_test(tests, specifications_that_are_right);
    tcase_add_test(tests, missing_operations_have_an_answer);
    tcase_add_test(tests, tables_may_be_shorter_or_longer);
    tcase_add_test(tests, wrong_tables_are_refused);
    tcase_add_test(tests, operations_have_names);
    tcase_add_test(tests, frames_run_out_cleanly);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
