#include "exporters/filters/filter.h"
#include "exporters/filters/filters.h"
#include "exporters/option.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ANY TB_CALL_COUNT

/* When calls fail: the k-th that matches, counted down, once. */
struct armed {
    enum tb_operation operation; /* ANY: all but CLOSE */
    uint64_t left;               /* 0: disarmed */
    enum tb_error error;
};

struct fault {
    struct tb_filter filter;
    enum tb_operation operation; /* of `every` and of `delay_us`; ANY */
    uint64_t every, delay_us;
    enum tb_error error;

    pthread_mutex_t lock; /* of what follows */
    struct armed by_option, by_test;
    uint64_t counts[TB_CALL_COUNT + 1]; /* the last: all but CLOSE */
    uint64_t failed;
    struct tb_list delayed; /* struct delayed, in the order they are due */
    bool stopping;
    pthread_cond_t changed;
    bool has_thread;
    pthread_t thread; /* hands delayed calls on */
};

struct delayed {
    struct tb_list in_delayed;
    struct tb_call *call;
    struct timespec due;
};

static bool matches(enum tb_operation wanted, enum tb_operation operation)
{
    return wanted == ANY ? operation != TB_CALL_CLOSE : wanted == operation;
}

static bool strikes(struct armed *armed, enum tb_operation operation)
{
    return armed->left && matches(armed->operation, operation) && --armed->left == 0;
}

/* Count a call and say how it ends: TB_OK is to let it through. */
static enum tb_error judge(struct fault *fault, enum tb_operation operation)
{
    enum tb_error error = TB_OK;

    pthread_mutex_lock(&fault->lock);
    fault->counts[operation]++;
    if (matches(ANY, operation))
        fault->counts[ANY]++;
    if (fault->every && matches(fault->operation, operation) &&
        fault->counts[fault->operation] % fault->every == 0)
        error = fault->error;
    if (strikes(&fault->by_option, operation))
        error = fault->by_option.error;
    if (strikes(&fault->by_test, operation))
        error = fault->by_test.error;
    fault->failed += error != TB_OK;
    pthread_mutex_unlock(&fault->lock);
    return error;
}

static struct timespec time_after(uint64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + us % 1000000 * 1000;
    t.tv_sec += (time_t)(us / 1000000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}

/* All calls wait equally long, so the first in the list is the first due. */
static void *run_delayed(void *data)
{
    struct fault *fault = data;

    pthread_mutex_lock(&fault->lock);
    for (;;) {
        struct tb_list *first = tb_list_take(&fault->delayed);
        if (!first && fault->stopping)
            break;
        if (!first) {
            pthread_cond_wait(&fault->changed, &fault->lock);
            continue;
        }
        pthread_mutex_unlock(&fault->lock);
        struct delayed *delayed = tb_container(first, struct delayed, in_delayed);
        struct tb_call *call = delayed->call;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &delayed->due, NULL) != 0)
            continue;
        free(delayed);
        tb_exporter_submit(fault->filter.below, call);
        pthread_mutex_lock(&fault->lock);
    }
    pthread_mutex_unlock(&fault->lock);
    return NULL;
}

/* False: it does not wait. */
static bool delay(struct fault *fault, struct tb_call *call)
{
    if (!fault->delay_us || (fault->operation != ANY && fault->operation != call->operation))
        return false;
    struct delayed *delayed = malloc(sizeof *delayed);
    if (!delayed)
        return false;
    delayed->call = call;
    pthread_mutex_lock(&fault->lock);
    delayed->due = time_after(fault->delay_us);
    tb_list_append(&fault->delayed, &delayed->in_delayed);
    pthread_cond_signal(&fault->changed);
    pthread_mutex_unlock(&fault->lock);
    return true;
}

static void fault_submit(void *self, struct tb_call *call)
{
    struct fault *fault = self;
    enum tb_error error = judge(fault, call->operation);
    if (error)
        tb_call_reply(call, error);
    else if (!delay(fault, call))
        tb_exporter_submit(fault->filter.below, call);
}

static void fault_stop(void *self)
{
    struct fault *fault = self;
    if (fault->has_thread) {
        pthread_mutex_lock(&fault->lock);
        fault->stopping = true;
        pthread_cond_signal(&fault->changed);
        pthread_mutex_unlock(&fault->lock);
        pthread_join(fault->thread, NULL);
    }
    assert(tb_list_empty(&fault->delayed));
    pthread_cond_destroy(&fault->changed);
    pthread_mutex_destroy(&fault->lock);
    tb_filter_stop(fault);
}

static enum tb_error parse_operation(const char *value, enum tb_operation *operation, char *message,
                                     size_t size)
{
    const char *names[TB_CALL_COUNT + 1];
    for (unsigned i = 0; i < TB_CALL_COUNT; i++) {
        names[i] = tb_operation_name((enum tb_operation)i);
        if (strcmp(names[i], value) == 0) {
            *operation = (enum tb_operation)i;
            return TB_OK;
        }
    }
    names[TB_CALL_COUNT] = NULL;
    return tb_option_unknown("filter fault", "operation", value, names, message, size);
}

static enum tb_error parse_error(const char *value, enum tb_error *error, char *message,
                                 size_t size)
{
    const size_t prefix = strlen("STATUS_");
    for (int i = TB_OK + 1; i < TB_ERROR_COUNT; i++) {
        const char *name = tb_error_name((enum tb_error)i);
        if (strcmp(name, value) == 0 || strcmp(name + prefix, value) == 0) {
            *error = (enum tb_error)i;
            return TB_OK;
        }
    }
    snprintf(message, size,
             "filter fault: \"%s\" is no error; write an NTSTATUS name, as in error=DISK_FULL",
             value);
    return TB_INVALID_PARAMETER;
}

static enum tb_error parse_option(struct fault *fault, const char *option, char *message,
                                  size_t size)
{
    static const char *const known[] = {"operation", "at", "every", "error", "delay_us", NULL};
    const char *value;
    uint64_t *number = NULL;

    if ((value = tb_option_value(option, "operation")))
        return parse_operation(value, &fault->operation, message, size);
    if ((value = tb_option_value(option, "error")))
        return parse_error(value, &fault->error, message, size);
    if ((value = tb_option_value(option, "at")))
        number = &fault->by_option.left;
    else if ((value = tb_option_value(option, "every")))
        number = &fault->every;
    else if ((value = tb_option_value(option, "delay_us")))
        number = &fault->delay_us;
    else
        return tb_option_unknown("filter fault", "option", option, known, message, size);
    if (tb_option_parse_number(value, number) && *number > 0)
        return TB_OK;
    snprintf(message, size, "filter fault: \"%s\" needs a number above 0 behind the \"=\"", option);
    return TB_INVALID_PARAMETER;
}

static enum tb_error parse_options(struct fault *fault, const char *const *options, char *message,
                                   size_t size)
{
    enum tb_error error = TB_OK;

    for (; !error && options && *options; options++)
        error = parse_option(fault, *options, message, size);
    fault->by_option.operation = fault->operation;
    fault->by_option.error = fault->error;
    if (!error && fault->operation == TB_CALL_CLOSE && (fault->every || fault->by_option.left)) {
        snprintf(message, size,
                 "filter fault: close cannot fail; it can only be delayed (delay_us)");
        error = TB_INVALID_PARAMETER;
    }
    return error;
}

static const struct tb_exporter_ops fault_ops =
    TB_FILTER_OPS("fault", fault_stop, tb_filter_capabilities);

enum tb_error tb_filter_fault_start(struct tb_exporter *below, const char *const *options,
                                    const struct tb_env *env, struct tb_exporter **out,
                                    char *message, size_t size)
{
    (void)env;
    enum tb_error error =
        tb_filter_create(&fault_ops, sizeof(struct fault), fault_submit, below, out, message, size);
    if (error)
        return error;
    struct fault *fault = (*out)->self;
    fault->operation = ANY;
    fault->error = TB_IO_DEVICE_ERROR;
    tb_list_init(&fault->delayed);
    pthread_mutex_init(&fault->lock, NULL);
    pthread_cond_init(&fault->changed, NULL);
    error = parse_options(fault, options, message, size);
    if (!error && fault->delay_us) {
        fault->has_thread = pthread_create(&fault->thread, NULL, run_delayed, fault) == 0;
        if (!fault->has_thread) {
            snprintf(message, size, "filter fault: no thread could be started");
            error = TB_NO_MEMORY;
        }
    }
    if (error) {
        tb_exporter_free(*out);
        *out = NULL;
    }
    return error;
}

void tb_filter_fault_arm(struct tb_exporter *exporter, enum tb_operation operation, uint64_t k,
                         enum tb_error error)
{
    struct fault *fault = exporter->self;
    assert(exporter->submit == fault_submit && error != TB_OK && operation != TB_CALL_CLOSE);
    pthread_mutex_lock(&fault->lock);
    fault->by_test = (struct armed){operation, k, error};
    pthread_mutex_unlock(&fault->lock);
}

static uint64_t read_counter(struct fault *fault, const uint64_t *counter)
{
    pthread_mutex_lock(&fault->lock);
    uint64_t value = *counter;
    pthread_mutex_unlock(&fault->lock);
    return value;
}

uint64_t tb_filter_fault_count(struct tb_exporter *exporter, enum tb_operation operation)
{
    struct fault *fault = exporter->self;
    assert(exporter->submit == fault_submit && operation <= ANY);
    return read_counter(fault, &fault->counts[operation]);
}

uint64_t tb_filter_fault_failed(struct tb_exporter *exporter)
{
    struct fault *fault = exporter->self;
    assert(exporter->submit == fault_submit);
    return read_counter(fault, &fault->failed);
}
