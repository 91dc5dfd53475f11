// SPDX-License-Identifier: Apache-2.0

// The totals against their definitions on random small histories, with operations of unknown
// outcome and failed ones; and what a store that tells the truth shows is always valid.

#include "workloads/check/totals.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "tests/check/total_histories.h"
#include "tests/check/total_oracle.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

using oracle::Names;

constexpr std::uint64_t fast_histories = 10;
constexpr std::uint64_t slow_histories = 1000;

Names names_of(const Result<Judgement>& judged) {
    if (!judged) return {"error: " + judged.error().message};
    if (judged->verdict == Verdict::unknown) return {"unknown"};
    Names out;
    for (const Anomaly& anomaly : judged->anomalies) out.push_back(anomaly.name);
    return oracle::sorted(out);
}

std::string joined(const Names& names) {
    std::string out;
    for (const std::string& name : names) out.append(" ").append(name);
    return out;
}

/// A total, and how it is defined.
struct Total {
    std::string name;
    std::function<History(const oracle::Clients&, std::uint64_t)> histories;
    std::function<Result<Judgement>(const History&)> check;
    std::function<Names(const History&)> definition;
    bool counted = true;  ///< the definition counts what it finds
};

template <class S, class... Arguments>
auto histories_of(Arguments... arguments) {
    return [=](const oracle::Clients& shape, std::uint64_t seed) {
        return oracle::run_clients(shape, seed, [=](ValueTable& values, Prng& random) {
            return std::make_unique<S>(values, random, arguments...);
        });
    };
}

std::vector<Total> bank_totals() {
    const auto histories = histories_of<oracle::BankStore>();
    std::vector<Total> out;
    for (const bool negative : {false, true}) {
        const std::string name = negative ? "bank, total" : "bank, nonnegative";
        const BankOptions first{.negative_allowed = negative};
        const BankOptions told{.total = 10, .negative_allowed = negative};
        const BankOptions all{
            .total = 10, .accounts = {"0", "1", "2"}, .negative_allowed = negative};
        out.push_back({name, histories,
                       [=](const History& history) { return check_bank(history, first); },
                       [=](const History& history) {
                           return oracle::bank(history, std::nullopt, {}, negative);
                       }});
        out.push_back(
            {name + " given", histories,
             [=](const History& history) { return check_bank(history, told); },
             [=](const History& history) { return oracle::bank(history, 10, {}, negative); }});
        out.push_back({name + " and accounts given", histories,
                       [=](const History& history) { return check_bank(history, all); },
                       [=](const History& history) {
                           return oracle::bank(history, 10, {0, 1, 2}, negative);
                       }});
    }
    return out;
}

std::vector<Total> set_totals() {
    const auto sets = histories_of<oracle::SetStore>(Function::add, 20U);
    const auto full = [](Staleness staleness) {
        return [=](const History& history) { return check_full_set(history, staleness); };
    };
    return {
        {"set, final read", sets, check_final_set, oracle::final_set},
        {"set, eventual", sets, full(Staleness::allowed),
         [](const History& history) { return oracle::full_set(history, false); }},
        {"set, fresh", sets, full(Staleness::anomaly),
         [](const History& history) { return oracle::full_set(history, true); }},
        {"comments", histories_of<oracle::SetStore>(Function::write, 5U), check_comments,
         oracle::comments},
    };
}

std::vector<Total> other_totals() {
    const auto growing = histories_of<oracle::GrowingStore>();
    const auto scoped = [](MonotonicScope scope) {
        return [=](const History& history) { return check_monotonic(history, scope); };
    };
    return {
        {"counter", histories_of<oracle::CounterStore>(),
         [](const History& history) { return check_counter_bounds(history, 0); },
         [](const History& history) { return oracle::counter_bounds(history, 0); }},
        {"long fork", histories_of<oracle::ForkStore>(), check_long_fork, oracle::long_fork, false},
        {"unique ids", histories_of<oracle::IdStore>(), check_unique_ids, oracle::unique_ids},
        {"monotonic, process", growing, scoped(MonotonicScope::process),
         [](const History& history) { return oracle::monotonic(history, true); }},
        {"monotonic, real time", growing, scoped(MonotonicScope::real_time),
         [](const History& history) { return oracle::monotonic(history, false); }},
        {"sequence", histories_of<oracle::SequenceStore>(), check_sequence, oracle::sequence},
    };
}

/// How often each verdict came up.
struct Verdicts {
    std::uint64_t valid = 0;
    std::uint64_t invalid = 0;
};

void hold(const Total& total, const History& history, Verdicts& verdicts) {
    const Result<Judgement> judged = total.check(history);
    Names found = names_of(judged);
    const Names expected = total.definition(history);
    if (!total.counted) found.erase(std::ranges::unique(found).begin(), found.end());
    if (found != expected) {
        RC_FAIL(total.name + ": found" + joined(found) + ", but by definition" + joined(expected) +
                "\n" + to_json_lines(history).value());
    }
    RC_ASSERT(judged->verdict == Verdict::unknown ||
              (judged->verdict == Verdict::valid) == found.empty());
    ++(judged->verdict == Verdict::valid ? verdicts.valid : verdicts.invalid);
}

void hold_all(const std::vector<Total>& totals, std::uint64_t histories) {
    for (const Total& total : totals) {
        Verdicts verdicts;
        CHECK(rc::check(total.name, [&] {
            const auto seed = *rc::gen::arbitrary<std::uint64_t>();
            for (std::uint64_t number = 0; number < histories; ++number) {
                const std::uint64_t one = mix_hash(number, seed);
                const oracle::Clients shape{.operations = 1 + Prng(one).below(10),
                                            .processes = 1 + Prng(one + 1).below(4),
                                            .lie_percent = Prng(one + 2).below(3) * 20};
                hold(total, total.histories(shape, one), verdicts);
            }
        }));
        CAPTURE(total.name, verdicts.valid, verdicts.invalid);
        CHECK(verdicts.valid * 50 > verdicts.invalid);
        CHECK(verdicts.invalid * 50 > verdicts.valid);
    }
}

TEST_CASE("totals: banks agree with their definition", "[fast][prop]") {
    hold_all(bank_totals(), fast_histories);
}

TEST_CASE("totals: sets and comments agree with their definitions", "[fast][prop]") {
    hold_all(set_totals(), fast_histories);
}

TEST_CASE("totals: the others agree with their definitions", "[fast][prop]") {
    hold_all(other_totals(), fast_histories);
}

TEST_CASE("totals: many more histories agree with the definitions", "[slow][prop]") {
    for (const auto& totals : {bank_totals(), set_totals(), other_totals()}) {
        hold_all(totals, slow_histories);
    }
}

TEST_CASE("totals: nothing is wrong with a store that tells the truth", "[fast][prop]") {
    for (const auto& totals : {bank_totals(), set_totals(), other_totals()}) {
        for (const Total& total : totals) {
            // A client may overdraw this bank.
            if (total.name.starts_with("bank, nonnegative")) continue;
            CHECK(rc::check(total.name, [&] {
                const auto seed = *rc::gen::arbitrary<std::uint64_t>();
                const oracle::Clients shape{.operations = 30, .processes = 5, .lie_percent = 0};
                const History history = total.histories(shape, seed);
                for (const std::string& name : names_of(total.check(history))) {
                    if (name == "unknown") continue;
                    RC_FAIL(total.name + ": " + name + "\n" + to_json_lines(history).value());
                }
            }));
        }
    }
}

}  // namespace
}  // namespace geode::check
