/* The generated workload on 2 to 4 real threads: built to run under ThreadSanitizer. */
#include "sim/check.h"
#include "sim/tests/threads.h"
#include "sim/workload.h"
#include <time.h>

#define SEEDS      6
#define OPERATIONS 600
#define SECONDS_WITHOUT_PROGRESS 60

static void run(unsigned loops, uint64_t seed)
{
    struct tb_sim_threads *threads = tb_sim_threads_start(loops, seed);
    struct tb_sim_driver *driver = tb_sim_threads_driver(threads);
    struct tb_sim_workload_settings settings = {
        .actors = 4 + seed % 4, .operations = OPERATIONS, .end_one_in = 150, .share = "share"};
    struct tb_sim_workload *workload = tb_sim_workload_new(driver, seed, &settings);
    time_t since = time(NULL);
    unsigned begun = 0;
    while (tb_sim_workload_pump(workload)) {
        if (tb_sim_random_chance(&workload->random, 2))
            driver->ops->step(driver->driver);
        if (workload->operations != begun)
            since = time(NULL);
        begun = workload->operations;
        if (time(NULL) - since > SECONDS_WITHOUT_PROGRESS) {
            tb_sim_workload_print(workload);
            tb_sim_fail(__FILE__, __LINE__, "seed %d: nothing goes on", (int)seed);
        }
    }
    tb_sim_require(workload->compared > 0);
    tb_sim_workload_free(workload);
    tb_sim_threads_stop(threads);
}

START_TEST(test_workload)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(2 + (unsigned)(seed % 3), seed);
}
END_TEST

SIM_MAIN("threads", test_workload)
