// SPDX-License-Identifier: Apache-2.0

// The workloads append and bank in whole runs: what they do to the cluster, and that a wrong answer
// is found.

#include <catch2/catch.hpp>

#include "sim/runner.h"
#include "workloads/record/append_history.h"
#include "workloads/record/bank_history.h"

using namespace geode;
using namespace geode::sim;
using workloads::Ending;

namespace {

RunOptions short_run(std::uint64_t seed, std::string workload) {
    RunOptions options;
    options.seed = seed;
    options.nodes = 3;
    options.duration = seconds(20);
    options.workload = std::move(workload);
    options.faults = *parse_fault_kinds("all");
    options.knobs = default_knobs();
    options.knobs->think_time_mean = milliseconds(10);
    return options;
}

/// Forgets the last element that the 10th transaction of a single read saw.
class ForgetfulHistory final : public workloads::AppendHistory {
public:
    void completed(std::int64_t process, Ending ending,
                   std::span<const workloads::MicroOperation> operations) override {
        std::vector<workloads::MicroOperation> told(operations.begin(), operations.end());
        if (ending == Ending::ok && told.size() == 1 && !told[0].seen.empty() && ++reads_ == 10) {
            told[0].seen.pop_back();
        }
        AppendHistory::completed(process, ending, told);
    }

private:
    int reads_ = 0;
};

class ForgetfulDriver final : public WorkloadDriver {
public:
    explicit ForgetfulDriver(const WorkloadSetup& setup) : clients_(setup.clients) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::AppendOptions options;
        options.client = number - 1;
        options.clients = clients_;
        workloads::run_append_client(world, client, options, control, keys_, history_, progress);
    }
    std::optional<std::string> judge(const FinalGraph*) override {
        const check::Judgement judged = workloads::judge_append_history(history_.finish());
        if (judged.verdict == check::Verdict::valid) return std::nullopt;
        return check::story_of(judged);
    }

private:
    std::uint32_t clients_;
    workloads::AppendKeys keys_{2, 1000};
    ForgetfulHistory history_;
};

std::unique_ptr<WorkloadDriver> make_forgetful(const WorkloadSetup& setup) {
    return std::make_unique<ForgetfulDriver>(setup);
}

}  // namespace

TEST_CASE("transactions: clients get in each other's way, and nothing is wrong", "[fast]") {
    for (const char* const workload : {"append", "bank"}) {
        const RunResult result = run(short_run(1, workload));
        INFO(to_json_line(result));
        CHECK(result.passed());
        CHECK(result.ops.ok > 500);
        CHECK(result.probes.at("workload.transaction_aborted") > 20);
    }
}

TEST_CASE("transactions: one that nobody gets in the way of is never aborted", "[fast]") {
    RunOptions options = short_run(2, "append");
    options.clients = 1;
    options.faults = {};
    const RunResult result = run(options);
    INFO(to_json_line(result));
    CHECK(result.passed());
    CHECK(result.ops.fail == 0);
    CHECK(result.probes.at("workload.transaction_aborted") == 0);
}

TEST_CASE("transactions: a read that forgets an append is found and named", "[fast]") {
    RunOptions options = short_run(1, "append");
    options.make_driver = make_forgetful;
    const RunResult result = run(options);
    CHECK(result.verdict == RunVerdict::violation);
    CHECK(result.explanation.starts_with("G"));
    CHECK(result.explanation.find("overwrote by appending") != std::string::npos);
    CHECK(result.explanation.find("\n") != std::string::npos);
}
