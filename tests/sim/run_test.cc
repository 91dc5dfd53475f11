// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "sim/runner.h"
#include "workloads/check/linearizability.h"
#include "workloads/record/register_history.h"

using namespace geode;
using namespace geode::sim;

namespace {

RunOptions short_run(std::uint64_t seed, std::string workload) {
    RunOptions options;
    options.seed = seed;
    options.nodes = 3;
    options.clients = 3;
    options.duration = seconds(8);
    options.workload = std::move(workload);
    options.faults = *parse_fault_kinds("all");
    return options;
}

/// Judges the register history after one answer has been falsified.
class LyingDriver final : public WorkloadDriver {
public:
    explicit LyingDriver(const WorkloadSetup& setup) : clients_(setup.clients) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::RegisterOptions options;
        options.client = number - 1;
        options.clients = clients_;
        workloads::run_register_client(world, client, options, control, next_value_, recorder_,
                                       progress);
    }
    std::optional<std::string> judge(const FinalGraph*) override {
        return workloads::judge_register_history(recorder_.finish());
    }

private:
    class LyingHistory final : public workloads::RegisterHistory {
    public:
        void completed(std::int64_t process, workloads::Ending ending,
                       std::optional<std::int64_t> seen) override {
            if (seen && ++reads_ == 20) seen = 999'999;
            RegisterHistory::completed(process, ending, seen);
        }

    private:
        int reads_ = 0;
    };
    std::uint32_t clients_;
    std::int64_t next_value_ = 1;
    LyingHistory recorder_;
};

std::unique_ptr<WorkloadDriver> make_liar(const WorkloadSetup& setup) {
    return std::make_unique<LyingDriver>(setup);
}

/// Thinks a little longer in every other run: a state that leaks from one run into the next.
std::unique_ptr<WorkloadDriver> make_unsteady(const WorkloadSetup& setup) {
    static int runs = 0;
    WorkloadSetup altered = setup;
    altered.knobs.think_time_mean += microseconds(++runs % 2);
    return make_register_driver(altered);
}

}  // namespace

TEST_CASE("run: each workload passes under faults and repeats its hash", "[fast]") {
    for (const WorkloadSpec& workload : workload_specs()) {
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const RunOptions options = short_run(seed, std::string(workload.name));
            const RunResult result = run(options);
            INFO(to_json_line(result));
            CHECK(result.passed());
            CHECK(result.ops.ok > 10);
            CHECK(result.elections >= 1);
            CHECK(result.sim_s >= 8);
            if (seed == 1) CHECK(run(options).hash == result.hash);
        }
    }
}

TEST_CASE("run: without faults nothing fails and nothing is injected", "[fast]") {
    RunOptions options = short_run(5, "register");
    options.faults = {};
    options.knobs = default_knobs();
    const RunResult result = run(options);
    INFO(to_json_line(result));
    CHECK(result.passed());
    CHECK(result.ops.fail == 0);
    CHECK(result.ops.unknown == 0);
    CHECK(result.elections == 1);
    CHECK(result.faults.empty());
}

TEST_CASE("run: other seeds give other hashes, one schedule under other knobs the same faults",
          "[fast]") {
    RunOptions options = short_run(1, "register");
    const std::uint64_t hash = run(options).hash;
    const std::uint64_t schedule = schedule_hash(schedule_of(options));
    options.seed = 2;
    CHECK(run(options).hash != hash);
    options.seed = 1;
    options.knobs = default_knobs();
    CHECK(schedule_hash(schedule_of(options)) == schedule);
}

TEST_CASE("run: a stored schedule repeats the run that drew it", "[fast]") {
    RunOptions options = short_run(3, "register");
    const RunResult drawn = run(options);
    options.schedule = parse_schedule(to_json_text(schedule_of(options)), "stored").value();
    const RunResult replayed = run(options);
    CHECK(replayed.hash == drawn.hash);
    CHECK(replayed.schedule_hash == drawn.schedule_hash);
}

TEST_CASE("run: verify agrees with itself and catches planted nondeterminism", "[fast]") {
    RunOptions options = short_run(2, "register");
    options.duration = seconds(3);
    CHECK(verify(options).passed());
    options.make_driver = make_unsteady;
    const RunResult result = verify(options);
    CHECK(result.verdict == RunVerdict::nondeterminism);
    CHECK(exit_status(result.verdict) == 5);
    CHECK(result.explanation.find("differ first at event") != std::string::npos);
    CHECK(result.explanation.find("run 2: t=") != std::string::npos);
}

TEST_CASE("run: a falsified answer is a violation with an explanation and a reproduce line",
          "[fast]") {
    RunOptions options = short_run(1, "register");
    options.make_driver = make_liar;
    const RunResult result = run(options);
    CHECK(result.verdict == RunVerdict::violation);
    CHECK(exit_status(result.verdict) == 1);
    CHECK(result.explanation.find("not linearizable") == 0);
    CHECK(result.explanation.find("999999") != std::string::npos);
    CHECK(result.reproduce ==
          "geode-sim run --seed 1 --nodes 3 --duration 8s --faults all --workload register");
    CHECK(result.schedule.has_value());
    CHECK_FALSE(result.trace_tail.empty());
}

TEST_CASE("run: a cluster that cannot elect is a liveness failure", "[fast]") {
    RunOptions options = short_run(1, "register");
    options.faults = {};
    options.knobs = default_knobs();
    // Messages take longer than any election waits, so nobody ever wins.
    options.knobs->network = NetworkKind::wan;
    options.knobs->wan_one_way = seconds(2);
    const RunResult result = run(options);
    CHECK(result.verdict == RunVerdict::no_liveness);
    CHECK(result.explanation.find("no leader within") == 0);
}
