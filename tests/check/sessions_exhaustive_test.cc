// SPDX-License-Identifier: Apache-2.0

// The session guarantees on every small program, with every choice of what its reads show, against
// Terry's own statement of them.

#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "tests/check/session_oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using oracle::ProgramShape;

constexpr SessionGuarantee guarantees[] = {
    SessionGuarantee::read_your_writes, SessionGuarantee::monotonic_reads,
    SessionGuarantee::monotonic_writes, SessionGuarantee::writes_follow_reads};

/// The guarantees that the program keeps, one bit each.
unsigned judge_program(const std::vector<oracle::Step>& steps) {
    const History history = oracle::history_of(steps);
    unsigned out = 0;
    for (unsigned number = 0; number < 4; ++number) {
        const auto judged = check_session(history, nil_value, guarantees[number]);
        const bool kept = judged.has_value() && judged->verdict == Verdict::valid;
        const bool expected = oracle::Servers(steps, guarantees[number]).hold();
        if (kept != expected) {
            FAIL(to_string(guarantees[number]) << (expected ? " is kept by\n" : " is broken by\n")
                                               << to_json_lines(history).value());
        }
        if (kept) out |= 1U << number;
    }
    return out;
}

void judge_programs(const ProgramShape& shape) {
    std::uint64_t programs = 0;
    std::uint64_t kept[4] = {};
    oracle::Programs(shape, [&](const std::vector<oracle::Step>& program) {
        const unsigned found = judge_program(program);
        ++programs;
        for (unsigned number = 0; number < 4; ++number) kept[number] += found >> number & 1;
    }).run();
    CAPTURE(shape.steps, shape.sessions, shape.keys, shape.unknown, shape.idle_max, programs);
    for (const std::uint64_t count : kept) {
        CHECK(count * 20 > programs);
        CHECK(count < programs);
    }
}

TEST_CASE("sessions: every program of up to five steps is judged rightly", "[fast]") {
    for (const int steps : {2, 3, 4, 5}) judge_programs({.steps = steps});
    for (const int steps : {3, 4}) judge_programs({.steps = steps, .unknown = true});
}

// What follows from what over several sessions takes longer programs.
TEST_CASE("sessions: programs of six and seven steps without idle ones", "[fast]") {
    judge_programs({.steps = 6, .sessions = 2, .keys = 3, .idle_max = 1});
    judge_programs({.steps = 6, .unknown = true, .idle_max = 0});
    judge_programs({.steps = 7, .sessions = 2, .idle_max = 0});
}

TEST_CASE("sessions: every program of up to seven steps is judged rightly", "[slow]") {
    for (const int steps : {6, 7}) judge_programs({.steps = steps});
    for (const int steps : {5, 6}) judge_programs({.steps = steps, .unknown = true});
    judge_programs({.steps = 7, .sessions = 4, .keys = 3, .idle_max = 1});
    judge_programs({.steps = 7, .keys = 3, .unknown = true, .idle_max = 1});
    judge_programs({.steps = 8, .idle_max = 0});
}

/// "w x 1, r x 1 | r x 0": sessions, each a list of steps; 0 is nothing.
std::vector<oracle::Step> program_of(std::string_view script) {
    std::istringstream words{std::string(script)};
    std::vector<oracle::Step> steps;
    std::map<std::string, int> writers;
    std::vector<std::string> shown;
    int session = 0;
    for (std::string function, key, value; words >> function;) {
        if (function == "|") {
            ++session;
            continue;
        }
        words >> key >> value;
        const bool write = function != "r";
        if (write) writers[key + value] = static_cast<int>(steps.size());
        shown.push_back(write || value == "0" ? "" : key + value);
        steps.push_back(
            {.session = session, .key = key[0], .write = write, .unknown = function == "w?"});
    }
    for (std::size_t step = 0; step < steps.size(); ++step) {
        if (!shown[step].empty()) steps[step].from = writers.at(shown[step]);
    }
    return steps;
}

TEST_CASE("sessions: what follows over several sessions and registers", "[fast]") {
    constexpr unsigned own = 1;
    constexpr unsigned reads = 2;
    constexpr unsigned writes = 4;
    constexpr unsigned follows = 8;
    const auto kept = [](std::string_view script) { return judge_program(program_of(script)); };
    // Three hops: x, seen by the second session, then y, seen by the third, then z.
    CHECK(kept("w x 1 | r x 1 w y 1 | r y 1 w z 1 | r z 1 r x 0") == (own | reads | writes));
    CHECK(kept("w x 1 | r x 1 w y 1 | r y 1 w x 2 | r x 2 r x 1") == (own | reads | writes));
    // What was read first counts although what was read last followed less.
    CHECK(kept("w x 1 | r x 1 w y 1 | w z 1 r y 1 r z 1 r x 0") == (own | reads | writes));
    CHECK(kept("w z 1 w x 1 w y 1 | r y 1 r z 1 r x 0") == (own | reads | follows));
    // A write of unknown outcome follows what its session read and wrote, nothing follows it.
    CHECK(kept("w x 1 | r x 1 w? y 1 | r y 1 w z 1 | r z 1 r x 0") == (own | reads | writes));
    CHECK(kept("w x 1 | r x 1 w y 1 | r y 1 w? z 1 | r z 1 r x 0") == (own | reads | writes));
    CHECK(kept("w x 1 w? y 1 | r y 1 r x 0") == (own | reads | follows));
    CHECK(kept("w? x 1 w y 1 | r y 1 r x 0 r x 1") == (own | reads | writes | follows));
    CHECK(kept("w? x 1 r x 0 | r x 1") == (own | reads | writes | follows));
}

}  // namespace
}  // namespace geode::check
