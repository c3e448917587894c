/* run_seeds: the generated workload in the simulated world, one seed after the other.
 *
 *     run_seeds --seeds A..B [--operations N] [--memory-faults N] [--hash]
 *
 * What a seed decides besides the workload: loops, delays, switches, failing exporters, cut
 * connections, budgets, signing. With --memory-faults one in N of the server's allocations fails.
 * --hash prints each seed's transcript. */
#include "sim/fault.h"
#include "sim/fixture.h"
#include "sim/workload.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    unsigned long long first, last;
    unsigned operations, memory_faults;
    bool hash;
};

static struct tb_sim_workload_settings choose_settings(struct tb_sim_fixture *f,
                                                       const struct options *options)
{
    struct tb_sim_random *random = &f->random;
    bool fails = tb_sim_random_chance(random, 3), cuts = tb_sim_random_chance(random, 3);
    f->slow_settings.fail_one_in = fails ? 10 + (unsigned)tb_sim_random_below(random, 100) : 0;
    f->network.settings.cut_one_in = cuts ? 50 + (uint32_t)tb_sim_random_below(random, 500) : 0;
    if (tb_sim_random_chance(random, 4)) {
        f->config.connection_budget = 1u << 20;
        f->network.settings.window = 1 << 14;
    }
    f->config.signing =
        tb_sim_random_chance(random, 4) ? TB_SIGNING_OPTIONAL : TB_SIGNING_REQUIRED;
    f->with_guest = tb_sim_random_chance(random, 4);
    return (struct tb_sim_workload_settings){
        .actors = 2 + (unsigned)tb_sim_random_below(random, 5),
        .operations = options->operations,
        .end_one_in = tb_sim_random_chance(random, 3)
                          ? 0
                          : 30 + (unsigned)tb_sim_random_below(random, 300),
        .may_fail = fails || cuts || options->memory_faults,
        .share = "share",
    };
}

static void make_shared(struct tb_sim_fixture *f)
{
    struct tb_sim_client *client = tb_sim_connect_dialect(f, 0);
    struct tb_sim_tree *tree = tb_sim_tree_of(tb_sim_session(client), "share");
    tb_sim_require_ok(tb_sim_open(tree, "shared/", TB_FILE_CREATE, &(struct tb_sim_open){0}));
    tb_sim_gone(f, client);
}

/* Comparisons with the model made. */
static unsigned run_workload(struct tb_sim_fixture *f,
                             const struct tb_sim_workload_settings *settings)
{
    struct tb_sim_workload *workload =
        tb_sim_workload_new(&f->network.driver, f->world.seed, settings);
    unsigned idle = 0;
    while (tb_sim_workload_pump(workload)) {
        for (uint64_t i = tb_sim_random_below(&f->random, 4); i > 0; i--)
            idle = tb_sim_world_step(&f->world) ? 0 : idle + 1;
        if (idle > 10000) {
            tb_sim_workload_print(workload);
            tb_sim_fail(__FILE__, __LINE__, "the workload never ends");
        }
    }
    unsigned compared = workload->compared;
    tb_sim_workload_free(workload);
    return compared;
}

static unsigned run_seed(const struct options *options, uint64_t seed)
{
    struct tb_sim_fixture *f = malloc(sizeof(*f));
    char hash[TB_SIM_TRANSCRIPT_TEXT];
    if (!f)
        abort();
    tb_sim_fixture_init(f, seed, "run_seeds");
    f->with_transcript = true;
    struct tb_sim_workload_settings settings = choose_settings(f, options);
    uint32_t cut_one_in = f->network.settings.cut_one_in;
    unsigned fail_one_in = f->slow_settings.fail_one_in;
    f->network.settings.cut_one_in = 0;
    f->slow_settings.fail_one_in = 0;
    tb_sim_fixture_start(f);
    make_shared(f);
    f->network.settings.cut_one_in = cut_one_in;
    f->slow_settings.fail_one_in = fail_one_in;
    tb_sim_fixture_set_slow(f, &f->slow_settings);
    tb_sim_fault_start(0);
    tb_sim_fault.random = seed;
    tb_sim_fault.fail_one_in = options->memory_faults;
    unsigned compared = run_workload(f, &settings);
    tb_sim_fault.fail_one_in = 0;
    tb_sim_fixture_end(f);
    tb_sim_fault_stop();
    tb_sim_require_equal(tb_sim_fault.live, 0);
    tb_sim_transcript_end(&f->transcript, hash);
    if (options->hash)
        printf("%llu %s\n", (unsigned long long)seed, hash);
    free(f);
    return compared;
}

static int usage(void)
{
    fprintf(stderr, "usage: run_seeds --seeds A..B [--operations N] [--memory-faults N] [--hash]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"seeds", required_argument, NULL, 's'},
                                          {"operations", required_argument, NULL, 'o'},
                                          {"memory-faults", required_argument, NULL, 'm'},
                                          {"hash", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    unsigned long long compared = 0;
    struct options options = {.first = 1, .last = 20, .operations = 300};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == 's' && sscanf(optarg, "%llu..%llu", &options.first, &options.last) == 2)
            continue;
        if (c == 'o' && (options.operations = (unsigned)strtoul(optarg, NULL, 10)) > 0)
            continue;
        if (c == 'm' && (options.memory_faults = (unsigned)strtoul(optarg, NULL, 10)) > 0)
            continue;
        if (c != 'h')
            return usage();
        options.hash = true;
    }
    for (uint64_t seed = options.first; seed <= options.last; seed++) {
        fprintf(stderr, "run_seeds --seeds %llu..%llu --operations %u\r",
                (unsigned long long)seed, (unsigned long long)seed, options.operations);
        compared += run_seed(&options, seed);
    }
    fprintf(stderr, "\nall well: %llu seeds of %u operations, %llu answers compared with a model\n",
            options.last - options.first + 1, options.operations, compared);
    return 0;
}
