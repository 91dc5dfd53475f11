// SPDX-License-Identifier: Apache-2.0

// Small histories of simulated databases of all strengths, with answers and outcomes changed at
// random, judged by the checker and by trying everything.

#include <catch2/catch.hpp>

#include <rapidcheck.h>

#include "base/prng.h"
#include "tests/check_txn/list_oracle.h"
#include "tools/bench/list_histories.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/list_append.h"
#include "workloads/check/txn/list_graph.h"

namespace geode::check::txn {
namespace {

constexpr std::uint64_t histories_per_case = 20;

/// One change: a read sees less, or what another read saw, or an outcome becomes another.
void change(TxnHistory& history, Prng& random) {
    Transaction& transaction = history.transactions[random.below(history.transactions.size())];
    const std::uint64_t kind = random.below(8);
    if (kind < 2) {
        const bool fails = kind == 0;
        transaction.completion = fails ? Completion::fail : Completion::unknown;
        if (!fails) transaction.completed = never_completed;
        for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
            if (history.mops[mop].kind == MopKind::read_list) history.mops[mop].known = false;
        }
        return;
    }
    Mop& mop = history.mops[random.below(history.mops.size())];
    if (mop.kind != MopKind::read_list || !mop.known) return;
    if (kind < 5 && mop.list_end > mop.list_begin) {
        --mop.list_end;
        return;
    }
    const Mop& other = history.mops[random.below(history.mops.size())];
    if (other.kind != MopKind::read_list || !other.known || other.key != mop.key) return;
    mop.list_begin = other.list_begin;
    mop.list_end = other.list_end;
}

std::uint32_t draw(Prng& random, std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(random.below(high - low + 1));
}

TxnHistory small_history(std::uint32_t transactions_max, Prng& random) {
    TxnHistory history =
        bench::make_list_history({.strength = static_cast<bench::Strength>(random.below(4)),
                                  .transactions = draw(random, 2, transactions_max),
                                  .clients = draw(random, 1, 4),
                                  .keys_active = draw(random, 1, 3),
                                  .appends_per_key_max = 8,
                                  .mops_max = draw(random, 1, 4),
                                  .unknown_one_in = draw(random, 0, 5),
                                  .seed = random.next()});
    for (std::uint64_t left = random.below(3); left > 0; --left) change(history, random);
    return history;
}

/// Holds a property against many histories.
template <class Property>
void for_histories(std::uint32_t transactions_max, Property holds) {
    CHECK(rc::check([&] {
        Prng random(*rc::gen::arbitrary<std::uint64_t>());
        for (std::uint64_t number = 0; number < histories_per_case; ++number) {
            holds(small_history(transactions_max, random));
        }
    }));
}

Judgement judge(const TxnHistory& history, std::string_view model) {
    ListAppendOptions options;
    options.models = {model};
    return check_list_append(history, options);
}

std::string told(const TxnHistory& history, const Judgement& judgement) {
    std::string out = to_json_lines(history).value();
    for (const Anomaly& anomaly : judgement.anomalies) {
        out += anomaly.name + ": " + anomaly.words + "\n";
    }
    return out;
}

void agree(const TxnHistory& history, std::string_view model, bool holds) {
    const Judgement judgement = judge(history, model);
    const bool says = judgement.verdict == Verdict::valid;
    if (says != holds) RC_LOG(std::string(model) + "\n" + told(history, judgement));
    RC_ASSERT(judgement.verdict != Verdict::unknown);
    RC_ASSERT(says == holds);
}

TEST_CASE("list-append: serializable exactly when some order explains it", "[fast][prop]") {
    for_histories(4, [](const TxnHistory& history) {
        const ListOracle oracle(history);
        agree(history, "serializable", oracle.serializable(Keeps::nothing));
        agree(history, "strong-session-serializable", oracle.serializable(Keeps::sessions));
        agree(history, "strict-serializable", oracle.serializable(Keeps::real_time));
    });
}

TEST_CASE("list-append: snapshot isolation exactly when some schedule explains it",
          "[fast][prop]") {
    for_histories(4, [](const TxnHistory& history) {
        const ListOracle oracle(history);
        agree(history, "snapshot-isolation", oracle.snapshot(Keeps::nothing));
        agree(history, "strong-session-snapshot-isolation", oracle.snapshot(Keeps::sessions));
        agree(history, "strong-snapshot-isolation", oracle.snapshot(Keeps::real_time));
    });
}

void same_cycles(const TxnHistory& history, std::string_view model, Relations extra) {
    const std::set<std::string> there = ListOracle(history).cycles(extra);
    const Judgement judgement = judge(history, model);
    // Not from the judgement, which leaves out what says no more than other anomalies do.
    const ListIndex index(history);
    const auto wanted = forbidden_anomalies(model);
    std::set<std::string> found;
    for (const Cycle& cycle :
         find_cycles(list_graph(index, relations_of(wanted)), wanted, {}).cycles) {
        found.insert(std::string(cycle.anomaly));
    }
    for (const std::string& name : found) {
        if (!there.contains(name)) RC_LOG(name + "\n" + told(history, judgement));
        RC_ASSERT(there.contains(name));
    }
    for (const std::string& name : there) {
        if (!forbids(model, name)) continue;
        const bool covered = std::ranges::any_of(
            found, [&](const std::string& special) { return anomaly_implies(special, name); });
        if (!covered) RC_LOG("not found: " + name + "\n" + told(history, judgement));
        RC_ASSERT(covered);
    }
}

TEST_CASE("list-append: finds the cycles there are, and no others", "[fast][prop]") {
    for_histories(5, [](const TxnHistory& history) {
        for (const auto model : {"read-uncommitted", "read-committed", "consistent-view",
                                 "snapshot-isolation", "repeatable-read", "serializable"}) {
            same_cycles(history, model, 0);
        }
        same_cycles(history, "strong-session-serializable", process);
        same_cycles(history, "strong-snapshot-isolation", realtime);
    });
}

/// Anomalies asked for by name, one or two of them.
void same_asked(const TxnHistory& history, Prng& random) {
    static const std::vector<std::string_view> cycles = {
        "G0", "G1c", "G-single", "G-single-item", "G-nonadjacent", "G2", "G2-item"};
    std::vector<std::string_view> asked;
    Relations extra = 0;
    std::vector<std::string> names;
    for (std::uint64_t left = 1 + random.below(2); left > 0; --left) {
        std::string name(cycles[random.below(cycles.size())]);
        const std::uint64_t suffix = random.below(3);
        if (suffix == 1) name += "-process";
        if (suffix == 2) name += "-realtime";
        if (name.ends_with("-process")) extra |= process;
        if (name.ends_with("-realtime")) extra |= realtime;
        names.push_back(name);
    }
    asked.assign(names.begin(), names.end());
    ListAppendOptions options;
    options.models.clear();
    options.anomalies = asked;
    const Judgement judgement = check_list_append(history, options);
    // What is wrong with the reads themselves is another test's.
    const auto& known = isolation_anomalies();
    for (const Anomaly& anomaly : judgement.anomalies) {
        if (anomaly.steps.empty()) return;
        RC_ASSERT(std::ranges::find(known, anomaly.name) != known.end());
    }
    const auto implies_asked = [&](const std::string& name) {
        return std::ranges::any_of(asked, [&](auto one) { return anomaly_implies(name, one); });
    };
    const bool there = std::ranges::any_of(ListOracle(history).cycles(extra), implies_asked);
    if (judgement.verdict == Verdict::unknown) return;
    // The oracle leaves appends that nobody saw without an order; every order may have a cycle.
    const bool no_order = judgement.anomalies.size() == 1 && !there &&
                          judgement.anomalies[0].words.find("without what") != std::string::npos;
    if (no_order) return;
    if ((judgement.verdict == Verdict::invalid) == there) return;
    for (const std::string& name : names) RC_LOG("asked for " + name + "\n");
    RC_LOG(told(history, judgement));
    RC_FAIL(std::string(to_string(judgement.verdict)));
}

TEST_CASE("list-append: finds the cycles that are asked for by name", "[fast][prop]") {
    CHECK(rc::check([] {
        Prng random(*rc::gen::arbitrary<std::uint64_t>());
        for (std::uint64_t number = 0; number < histories_per_case; ++number) {
            const TxnHistory history = small_history(5, random);
            same_asked(history, random);
        }
    }));
}

TEST_CASE("list-append: steps of a cycle follow one another", "[fast][prop]") {
    for_histories(8, [](const TxnHistory& history) {
        const Judgement judgement = judge(history, "strict-serializable");
        for (const Anomaly& anomaly : judgement.anomalies) {
            for (std::size_t step = 0; step < anomaly.steps.size(); ++step) {
                const auto& next = anomaly.steps[(step + 1) % anomaly.steps.size()];
                RC_ASSERT(anomaly.steps[step].to == next.from);
                RC_ASSERT(!anomaly.steps[step].words.empty());
            }
        }
        RC_ASSERT(judgement.verdict == Verdict::invalid || judgement.anomalies.empty());
    });
}

}  // namespace
}  // namespace geode::check::txn
