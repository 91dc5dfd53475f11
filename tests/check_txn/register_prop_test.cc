// SPDX-License-Identifier: Apache-2.0

// The checker of registers against exhaustive search (register_oracle.h), level by level, and
// against what witnesses promise.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/check_txn/register_oracle.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/register.h"

namespace geode::check::txn {
namespace {

std::string words_of(const TxnHistory& history) {
    std::string words;
    for (const Transaction& transaction : history.transactions) {
        const char* const ended = transaction.completion == Completion::ok        ? " ok "
                                  : transaction.completion == Completion::unknown ? " unknown "
                                                                                  : " fail ";
        words += "process " + std::to_string(transaction.process) + ended +
                 std::to_string(transaction.invoked) + ".." +
                 std::to_string(transaction.completed) + ": " + describe(history, transaction) +
                 "\n";
    }
    return words;
}

void check_witness(const Judgement& judgement, std::string_view level) {
    RC_ASSERT(!judgement.anomalies.empty());
    for (const Anomaly& anomaly : judgement.anomalies) {
        RC_ASSERT(!anomaly.words.empty());
        for (std::size_t at = 0; at < anomaly.steps.size(); ++at) {
            const WitnessStep& next = anomaly.steps[(at + 1) % anomaly.steps.size()];
            RC_ASSERT(anomaly.steps[at].to == next.from);
        }
        for (const std::uint32_t id : anomaly.operations) {
            RC_ASSERT(std::ranges::count(judgement.operations, id, &WitnessOperation::index) == 1);
        }
        const auto& known = isolation_anomalies();
        RC_ASSERT(std::ranges::find(known, anomaly.name) != known.end());
    }
    const auto names = [level](const std::vector<std::string>& models) {
        return std::ranges::find(models, level) != models.end();
    };
    RC_ASSERT(names(judgement.ruled_out) || names(judgement.also_ruled_out));
}

void agree(const oracle::Shape& shape, std::uint64_t seed, KeptOrder least) {
    const TxnHistory history = oracle::random_history(shape, seed);
    oracle::Oracle oracle(history);
    for (oracle::Definition definition : oracle::definitions) {
        const RegisterCheck check{.level = definition.name, .least = least};
        const Judgement judgement = check_registers(history, check);
        definition.order = std::max(definition.order, least);
        const bool expected = oracle.valid(definition);
        if (judgement.verdict == Verdict::unknown && shape.repeat_percent > 0) continue;
        if ((judgement.verdict == Verdict::valid) != expected) {
            RC_LOG() << definition.name << ": expected " << (expected ? "valid" : "invalid")
                     << ", got " << to_string(judgement.verdict) << "\n"
                     << words_of(history);
            for (const Anomaly& anomaly : judgement.anomalies) {
                RC_LOG() << anomaly.name << ": " << anomaly.words << "\n";
            }
            RC_FAIL("verdicts differ");
        }
        if (judgement.verdict == Verdict::invalid) check_witness(judgement, definition.name);
    }
}

/// One case of RapidCheck is many of ours: they are small, and most are alike.
void agree_often(const oracle::Shape& shape) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint64_t more = 0; more < 10; ++more) {
        agree(shape, seed + more, more % 2 == 0 ? KeptOrder::none : KeptOrder::session);
    }
}

TEST_CASE("registers: agree with exhaustive search on small timed histories", "[fast][prop]") {
    rc::prop("two keys", [] { agree_often({}); });
    rc::prop("three keys", [] { agree_often({.keys = 3}); });
    rc::prop("one key", [] { agree_often({.keys = 1, .mops = 2}); });
    rc::prop("longer transactions", [] { agree_often({.transactions = 4, .mops = 6}); });
}

TEST_CASE("registers: agree with exhaustive search without time", "[fast][prop]") {
    rc::prop("two sessions", [] { agree_often({.keys = 3, .processes = 2, .timed = false}); });
    rc::prop("two keys", [] { agree_often({.timed = false}); });
}

TEST_CASE("registers: never contradict exhaustive search if values repeat", "[fast][prop]") {
    rc::prop("one in five", [] { agree_often({.repeat_percent = 20}); });
    rc::prop("half", [] { agree_often({.transactions = 4, .repeat_percent = 50}); });
}

TEST_CASE("registers: a small budget leaves open, and never turns, a verdict", "[fast]") {
    std::uint32_t open = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const TxnHistory history = oracle::random_history({.transactions = 12, .keys = 3}, seed);
        for (const oracle::Definition& definition : oracle::definitions) {
            RegisterCheck check{.level = definition.name};
            const Verdict verdict = check_registers(history, check).verdict;
            for (const std::uint64_t steps_max : {10U, 40U, 100U, 200U, 300U, 400U, 600U}) {
                check.budget.steps_max = steps_max;
                const Verdict limited = check_registers(history, check).verdict;
                CAPTURE(definition.name, seed, steps_max);
                REQUIRE((limited == verdict || limited == Verdict::unknown));
                open += limited == Verdict::unknown ? 1 : 0;
            }
        }
    }
    CHECK(open > 500);
}

TEST_CASE("registers: random histories are of both kinds at every level", "[fast]") {
    for (const oracle::Definition& definition : oracle::definitions) {
        std::uint32_t valid = 0;
        constexpr std::uint32_t histories = 400;
        for (std::uint64_t seed = 0; seed < histories; ++seed) {
            const TxnHistory history = oracle::random_history({}, seed);
            const Judgement judgement = check_registers(history, {.level = definition.name});
            valid += judgement.verdict == Verdict::valid ? 1 : 0;
        }
        CAPTURE(definition.name);
        CHECK(valid > histories / 20);
        CHECK(valid < histories * 19 / 20);
    }
}

}  // namespace
}  // namespace geode::check::txn
