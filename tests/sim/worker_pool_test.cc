// SPDX-License-Identifier: Apache-2.0
#include "cli/worker_pool.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>

using namespace geode;
using namespace geode::cli;

namespace {

std::vector<std::uint64_t> seeds_to(std::uint64_t last) {
    std::vector<std::uint64_t> seeds(last);
    std::iota(seeds.begin(), seeds.end(), 1);
    return seeds;
}

struct Collected {
    std::vector<SeedOutcome> outcomes;
    std::map<std::uint64_t, const SeedOutcome*> by_seed;
};

Collected collect(const std::function<std::string(std::uint64_t)>& job, std::uint64_t last,
                  WorkerPoolOptions options = {.jobs = 3, .seeds_per_worker = 4}) {
    Collected collected;
    WorkerPoolCallbacks callbacks;
    callbacks.job = job;
    callbacks.on_outcome = [&](const SeedOutcome& outcome) {
        collected.outcomes.push_back(outcome);
        return true;
    };
    REQUIRE(run_workers(options, seeds_to(last), callbacks).has_value());
    for (const SeedOutcome& outcome : collected.outcomes) {
        collected.by_seed[outcome.seed] = &outcome;
    }
    return collected;
}

}  // namespace

TEST_CASE("worker pool: every seed answers, in the order of the seeds", "[fast]") {
    const Collected all = collect(
        [](std::uint64_t seed) {
            if (seed % 3 == 0) ::usleep(3'000);  // finish out of order
            return "result " + std::to_string(seed);
        },
        40);
    REQUIRE(all.outcomes.size() == 40);
    for (std::uint64_t i = 0; i < 40; ++i) {
        CHECK(all.outcomes[i].seed == i + 1);
        CHECK(all.outcomes[i].answered);
        CHECK(all.outcomes[i].line == "result " + std::to_string(i + 1));
    }
}

TEST_CASE("worker pool: survives seeds that abort, exit, or are killed", "[fast]") {
    const Collected all = collect(
        [](std::uint64_t seed) -> std::string {
            std::signal(SIGABRT, SIG_DFL);  // not the test runner's own
            if (seed == 5) {
                std::fprintf(stderr, "assertion failed: five\n");
                std::abort();
            }
            if (seed == 6) ::_exit(4);
            if (seed == 11) ::raise(SIGKILL);
            return "fine";
        },
        20);
    REQUIRE(all.outcomes.size() == 20);
    CHECK_FALSE(all.by_seed.at(5)->answered);
    CHECK(all.by_seed.at(5)->death.find("signal 6") == 0);
    CHECK(all.by_seed.at(5)->said == "assertion failed: five\n");
    CHECK(all.by_seed.at(6)->death == "status 4");
    CHECK(all.by_seed.at(11)->death.find("signal 9") == 0);
    CHECK(all.by_seed.at(12)->line == "fine");
    CHECK(all.by_seed.at(4)->line == "fine");
}

TEST_CASE("worker pool: a seed that never ends is stopped by its CPU limit", "[fast]") {
    const Collected all = collect(
        [](std::uint64_t seed) -> std::string {
            std::signal(SIGXCPU, SIG_DFL);
            while (seed == 2) asm volatile("" ::: "memory");
            return "fine";
        },
        4, {.jobs = 2, .seeds_per_worker = 2, .cpu_seconds_per_seed_max = 1});
    REQUIRE(all.outcomes.size() == 4);
    CHECK_FALSE(all.by_seed.at(2)->answered);
    CHECK(all.by_seed.at(2)->death.find("signal 24") == 0);
    CHECK(all.by_seed.at(3)->answered);
}

TEST_CASE("worker pool: stops when told to", "[fast]") {
    std::vector<std::uint64_t> seen;
    WorkerPoolCallbacks callbacks;
    callbacks.job = [](std::uint64_t seed) { return std::to_string(seed); };
    callbacks.on_outcome = [&](const SeedOutcome& outcome) {
        seen.push_back(outcome.seed);
        return outcome.seed != 7;
    };
    REQUIRE(run_workers({.jobs = 2}, seeds_to(1000), callbacks).has_value());
    CHECK(seen == seeds_to(7));
}
