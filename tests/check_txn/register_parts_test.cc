// SPDX-License-Identifier: Apache-2.0

// What makes the checker of registers fast on large histories, each part against something slow:
// clocks of chains, short cycles, writers by session; and the whole against trying every way to go
// on (frontier_oracle.h), on histories of some dozen transactions.

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/prng.h"
#include "tests/check_txn/frontier_oracle.h"
#include "tools/bench/rw_histories.h"
#include "workloads/check/txn/chain_clocks.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/session_writes.h"
#include "workloads/check/txn/short_cycle.h"

namespace geode::check::txn {
namespace {

using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
constexpr std::uint32_t far = 1'000;

/// By from and to, how many nodes below `helpers` a shortest path enters; `far`: there is none.
std::vector<std::vector<std::uint32_t>> distances(std::uint32_t nodes, const Edges& edges,
                                                  std::uint32_t helpers) {
    std::vector<std::vector<std::uint32_t>> table(nodes, std::vector<std::uint32_t>(nodes, far));
    for (const auto& [from, to] : edges) table[from][to] = to < helpers ? 1 : 0;
    for (std::uint32_t via = 0; via < nodes; ++via) {
        for (std::uint32_t from = 0; from < nodes; ++from) {
            for (std::uint32_t to = 0; to < nodes; ++to) {
                table[from][to] = std::min(table[from][to], table[from][via] + table[via][to]);
            }
        }
    }
    return table;
}

TEST_CASE("chain clocks: agree with all paths", "[fast]") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Prng random(seed);
        const auto nodes = static_cast<std::uint32_t>(2 + random.below(40));
        const auto columns = static_cast<std::uint32_t>(1 + random.below(4));
        Edges edges;
        for (std::uint64_t left = random.below(3 * nodes); left > 0; --left) {
            const auto to = static_cast<std::uint32_t>(1 + random.below(nodes - 1));
            edges.emplace_back(static_cast<std::uint32_t>(random.below(to)), to);
        }
        OrderedGraph graph(nodes);
        const auto known = [&](const auto& each) {
            for (const auto& [from, to] : edges) each(from, to);
        };
        REQUIRE(graph.seal(known, std::vector<std::uint64_t>(nodes)));
        std::vector<std::uint32_t> lengths;
        std::vector<bool> placed(nodes);
        const auto place_of = [&](std::uint32_t node, ChainClocks::Row row) -> ChainPlace {
            if (random.chance(1, 5)) return {};
            placed[node] = true;
            for (std::uint32_t chain = 0; chain < lengths.size(); ++chain) {
                if (row[chain] == lengths[chain]) return {chain, lengths[chain]++};
            }
            placed[node] = lengths.size() < columns;
            if (!placed[node]) return {};
            lengths.push_back(1);
            return {static_cast<std::uint32_t>(lengths.size() - 1), 0};
        };
        const ChainClocks clocks(graph, columns, place_of);
        const auto table = distances(nodes, edges, nodes);
        for (std::uint32_t from = 0; from < nodes; ++from) {
            for (std::uint32_t to = 0; to < nodes; ++to) {
                const bool reaches = placed[from] && table[from][to] < far;
                REQUIRE(clocks.reaches(from, to) == reaches);
            }
        }
    }
}

TEST_CASE("short cycle: none is shorter", "[fast]") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Prng random(seed);
        const auto nodes = static_cast<std::uint32_t>(3 + random.below(15));
        const auto helpers = static_cast<std::uint32_t>(2 + random.below(nodes - 2));
        Edges edges;
        for (std::uint64_t left = nodes + random.below(nodes); left > 0; --left) {
            const auto from = static_cast<std::uint32_t>(random.below(nodes));
            const auto to = static_cast<std::uint32_t>(random.below(nodes));
            if (from >= helpers && to >= helpers && from >= to) continue;
            edges.emplace_back(from, to);
        }
        NeighbourRows out;
        out.start(nodes);
        for (const auto& [from, to] : edges) out.count(from);
        out.end_of_counting();
        for (const auto& [from, to] : edges) out.add(from, to);
        const auto table = distances(nodes, edges, helpers);
        std::uint32_t shortest = far;
        for (std::uint32_t node = 0; node < nodes; ++node) {
            shortest = std::min(shortest, table[node][node]);
        }
        if (shortest == far) continue;
        std::uint64_t steps = 0;
        const auto cycle = short_cycle(out, std::vector<bool>(nodes, true), helpers, steps);
        CHECK(steps > 0);
        CHECK(std::ranges::count_if(cycle, [&](auto node) { return node < helpers; }) == shortest);
        for (std::size_t at = 0; at < cycle.size(); ++at) {
            const std::pair edge(cycle[at], cycle[(at + 1) % cycle.size()]);
            CHECK(std::ranges::count(edges, edge) > 0);
        }
    }
}

TEST_CASE("session writes: the last of each session between two clocks", "[fast]") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Prng random(seed);
        // Few writers of a key, and more than are looked through one by one.
        const TxnHistory history =
            bench::make_rw_history({.transactions = 400,
                                    .sessions = static_cast<std::uint32_t>(2 + random.below(20)),
                                    .keys = seed % 2 == 0 ? 2U : 100U,
                                    .unknown_permille = 20,
                                    .timed = false},
                                   seed);
        const RegisterIndex index = index_registers(history, {.order = KeptOrder::session});
        const SessionWrites writes(index);
        const auto first = static_cast<std::uint32_t>(random.below(index.session_count));
        const auto sessions =
            static_cast<std::uint32_t>(1 + random.below(index.session_count - first));
        std::vector<std::uint32_t> before;
        std::vector<std::uint32_t> until;
        for (std::uint32_t session = 0; session < sessions; ++session) {
            before.push_back(static_cast<std::uint32_t>(random.below(20)));
            until.push_back(static_cast<std::uint32_t>(random.below(60)));
        }
        for (std::uint32_t key = 0; key < index.keys.size(); ++key) {
            std::vector<std::uint32_t> expected;
            for (std::uint32_t session = 0; session < sessions; ++session) {
                std::uint32_t last = no_node;
                for (std::uint32_t node = 0; node < index.count(); ++node) {
                    if (index.session[node] != first + session) continue;
                    if (index.position[node] < before[session]) continue;
                    if (index.position[node] >= until[session]) continue;
                    if (index.writes_key(node, key)) last = node;
                }
                if (last != no_node) expected.push_back(last);
            }
            std::vector<std::uint32_t> found;
            writes.for_last_writers(key, {.first = first, .before = before, .until = until},
                                    [&](std::uint32_t node) { found.push_back(node); });
            std::ranges::sort(expected);
            std::ranges::sort(found);
            REQUIRE(found == expected);
        }
    }
}

TEST_CASE("registers: agree with every way to go on, on some dozen transactions", "[fast]") {
    constexpr std::pair<const char*, oracle::Promised> levels[] = {
        {"strong-session-serializable", oracle::Promised::serializable},
        {"strong-session-snapshot-isolation", oracle::Promised::snapshot},
    };
    std::uint32_t verdicts[2][2] = {};
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        Prng random(seed);
        const TxnHistory history = bench::make_rw_history(
            {.promise = random.chance(1, 2) ? bench::Promise::strict_serializable
                                            : bench::Promise::snapshot_isolation,
             .transactions = static_cast<std::uint32_t>(10 + random.below(15)),
             .sessions = static_cast<std::uint32_t>(2 + random.below(3)),
             .keys = static_cast<std::uint32_t>(3 + random.below(8)),
             .operations = static_cast<std::uint32_t>(2 + random.below(3)),
             .stale_permille = random.chance(1, 2) ? 100U : 0U,
             .stale_commits = 2,
             .timed = false},
            seed);
        const RegisterIndex index = index_registers(history, {.order = KeptOrder::session});
        for (std::size_t at = 0; at < 2; ++at) {
            const bool valid = oracle::FrontierOracle(index, levels[at].second).valid();
            const Judgement judgement = check_registers(history, {.level = levels[at].first});
            CAPTURE(seed, levels[at].first);
            REQUIRE((judgement.verdict == Verdict::valid) == valid);
            ++verdicts[at][valid ? 1 : 0];
        }
    }
    for (const auto& counts : verdicts) {
        CHECK(counts[0] > 50);
        CHECK(counts[1] > 50);
    }
}

}  // namespace
}  // namespace geode::check::txn
