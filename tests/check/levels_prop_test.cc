// SPDX-License-Identifier: Apache-2.0

// The levels weaker than linearizability against their definitions, by trying everything.

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "tests/check/oracle.h"
#include "workloads/check/causal.h"
#include "workloads/check/formats.h"
#include "workloads/check/sequential.h"
#include "workloads/check/sessions.h"
#include "workloads/check/staleness.h"

namespace geode::check {
namespace {

using oracle::Shape;

/// Tries every interleaving of the processes.
bool interleaves(const History& history, std::vector<bool>& placed,
                 const std::map<ValueId, oracle::Value>& state) {
    const auto& operations = history.operations;
    bool done = true;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        if (!placed[index] && operations[index].completed != never_completed) done = false;
    }
    if (done) return true;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        if (placed[index]) continue;
        bool ready = true;
        for (std::size_t other = 0; other < index; ++other) {
            const bool before = operations[other].process == operations[index].process &&
                                operations[other].completed != never_completed;
            if (before && !placed[other]) ready = false;
        }
        if (!ready) continue;
        const auto found = state.find(operations[index].key);
        const auto next = oracle::apply(found == state.end() ? "n" : found->second,
                                        operations[index], history.values);
        if (!next) continue;
        auto after = state;
        after[operations[index].key] = *next;
        placed[index] = true;
        const bool finished = interleaves(history, placed, after);
        placed[index] = false;
        if (finished) return true;
    }
    return false;
}

bool sequential(const History& history) {
    std::vector<bool> placed;
    for (const Operation& operation : history.operations) {
        placed.push_back(operation.completion == Completion::fail);
    }
    return interleaves(history, placed, {});
}

/// Who read whose write, and what comes before what, told plainly.
struct Plain {
    std::vector<const Operation*> nodes;
    std::vector<int> from;                  // of a read: the node of the write, -1 for nil
    std::vector<std::vector<bool>> before;  // in its process
    std::vector<std::vector<bool>> causal;
    bool sound = true;  // no thin air, no cycle
};

Plain plain_of(const History& history) {
    Plain out;
    const auto reads = [](const Operation& one) { return one.function == Function::read; };
    const auto same = [](const Operation& read, const Operation& write) {
        return read.key == write.key && read.result == write.argument;
    };
    for (const Operation& operation : history.operations) {
        if (operation.completion == Completion::fail) continue;
        bool counts = operation.completion == Completion::ok;
        for (const Operation& other : history.operations) {
            const bool shows = reads(other) && other.completion == Completion::ok;
            if (!reads(operation) && shows && same(other, operation)) counts = true;
        }
        if (counts) out.nodes.push_back(&operation);
    }
    const std::size_t count = out.nodes.size();
    out.before.assign(count, std::vector<bool>(count, false));
    for (std::size_t a = 0; a < count; ++a) {
        out.from.push_back(-1);
        for (std::size_t b = 0; b < count; ++b) {
            out.before[a][b] = out.nodes[a]->process == out.nodes[b]->process && a < b &&
                               out.nodes[a]->completion == Completion::ok;
            const bool wrote =
                reads(*out.nodes[a]) && !reads(*out.nodes[b]) && same(*out.nodes[a], *out.nodes[b]);
            if (wrote) out.from[a] = static_cast<int>(b);
        }
        const bool nil = out.nodes[a]->result == nil_value;
        if (reads(*out.nodes[a]) && !nil && out.from[a] < 0) out.sound = false;
    }
    out.causal = out.before;
    for (std::size_t a = 0; a < count; ++a) {
        if (out.from[a] >= 0) out.causal[static_cast<std::size_t>(out.from[a])][a] = true;
    }
    for (std::size_t via = 0; via < count; ++via) {
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = 0; b < count; ++b) {
                if (out.causal[a][via] && out.causal[via][b]) out.causal[a][b] = true;
            }
        }
    }
    for (std::size_t a = 0; a < count; ++a) out.sound = out.sound && !out.causal[a][a];
    return out;
}

/// Whether some order of what comes before the read, true to what comes before what, ends with the
/// value it shows.
bool explained(const Plain& plain, std::size_t read, std::vector<bool>& placed, int value) {
    bool done = true;
    for (std::size_t node = 0; node < placed.size(); ++node) {
        if (placed[node] || !plain.causal[node][read]) continue;
        done = false;
        bool ready = true;
        for (std::size_t other = 0; other < placed.size(); ++other) {
            if (plain.causal[other][node] && !placed[other]) ready = false;
        }
        if (!ready) continue;
        const bool writes = plain.nodes[node]->function == Function::write &&
                            plain.nodes[node]->key == plain.nodes[read]->key;
        placed[node] = true;
        const bool found = explained(plain, read, placed, writes ? static_cast<int>(node) : value);
        placed[node] = false;
        if (found) return true;
    }
    return done && value == plain.from[read];
}

bool causal(const History& history) {
    const Plain plain = plain_of(history);
    if (!plain.sound) return false;
    for (std::size_t node = 0; node < plain.nodes.size(); ++node) {
        if (plain.nodes[node]->function != Function::read) continue;
        std::vector<bool> placed(plain.nodes.size(), false);
        if (!explained(plain, node, placed, -1)) return false;
    }
    return true;
}

using Pairs = std::set<std::pair<int, int>>;  // values, nodes of writes or -1: not the other way

class SessionOracle {
public:
    SessionOracle(const Plain& plain, SessionGuarantee guarantee)
        : plain_(plain), guarantee_(guarantee) {}

    bool holds() {
        if (!plain_.sound) return false;
        std::set<ValueId> keys;
        for (const Operation* const node : plain_.nodes) keys.insert(node->key);
        return std::ranges::all_of(keys, [this](ValueId key) { return ordered(key); });
    }

private:
    bool is_read(std::size_t node) const { return plain_.nodes[node]->function == Function::read; }
    bool on(std::size_t node, ValueId key) const { return plain_.nodes[node]->key == key; }
    bool session(std::size_t a, std::size_t b) const { return plain_.before[a][b]; }

    std::set<std::size_t> followed_by(std::size_t write) const {
        std::set<std::size_t> out;
        for (std::size_t read = 0; read < plain_.nodes.size(); ++read) {
            if (!is_read(read) || !session(read, write) || plain_.from[read] < 0) continue;
            const auto from = static_cast<std::size_t>(plain_.from[read]);
            out.insert(from);
            out.merge(followed_by(from));
        }
        return out;
    }
    std::set<std::size_t> required_by(std::size_t write) const {
        if (guarantee_ == SessionGuarantee::writes_follow_reads) return followed_by(write);
        std::set<std::size_t> out;
        for (std::size_t node = 0; node < plain_.nodes.size(); ++node) {
            if (!is_read(node) && session(node, write)) out.insert(node);
        }
        return out;
    }
    /// What the guarantee demands of the values of `key`.
    Pairs demands(ValueId key) const {
        Pairs out;
        const std::size_t count = plain_.nodes.size();
        for (std::size_t second = 0; second < count; ++second) {
            for (std::size_t first = 0; first < count; ++first) {
                if (!session(first, second)) continue;
                add(out, key, first, second);
            }
            if (is_read(second) || !on(second, key) || !wide()) continue;
            for (const std::size_t write : required_by(second)) {
                if (on(write, key)) out.insert({static_cast<int>(write), static_cast<int>(second)});
            }
        }
        return out;
    }
    bool wide() const {
        return guarantee_ == SessionGuarantee::monotonic_writes ||
               guarantee_ == SessionGuarantee::writes_follow_reads;
    }
    void add(Pairs& out, ValueId key, std::size_t first, std::size_t second) const {
        if (!is_read(second) || !on(second, key)) return;
        if (guarantee_ == SessionGuarantee::read_your_writes) {
            if (!is_read(first) && on(first, key)) {
                out.insert({static_cast<int>(first), plain_.from[second]});
            }
            return;
        }
        if (!is_read(first)) return;
        if (on(first, key)) out.insert({plain_.from[first], plain_.from[second]});
        if (!wide() || plain_.from[first] < 0) return;
        for (const std::size_t write : required_by(static_cast<std::size_t>(plain_.from[first]))) {
            if (on(write, key)) out.insert({static_cast<int>(write), plain_.from[second]});
        }
    }
    bool ordered(ValueId key) const {
        const Pairs pairs = demands(key);
        std::vector<int> order;
        for (std::size_t node = 0; node < plain_.nodes.size(); ++node) {
            if (!is_read(node) && on(node, key)) order.push_back(static_cast<int>(node));
        }
        do {
            const auto place = [&order](int value) {
                return value < 0 ? -1 : std::ranges::find(order, value) - order.begin();
            };
            if (std::ranges::all_of(pairs, [&](const auto& pair) {
                    return place(pair.first) <= place(pair.second);
                })) {
                return true;
            }
        } while (std::ranges::next_permutation(order).found);
        return false;
    }

    const Plain& plain_;
    SessionGuarantee guarantee_;
};

using Oracle = bool (*)(const History&);
using Check = Result<Judgement> (*)(const History&);

void hold_against(const Shape& shape, Oracle expected, Check check) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    for (std::uint64_t number = 0; number < 40; ++number) {
        const std::uint64_t one = mix_hash(number, seed);
        Shape drawn = shape;
        drawn.operations = 1 + Prng(one).below(shape.operations);
        const History history = oracle::RandomHistory(drawn, one).run();
        const auto judged = check(history);
        if (!judged) RC_FAIL(judged.error().describe());
        RC_ASSERT(judged->verdict != Verdict::unknown);
        if ((judged->verdict == Verdict::valid) == expected(history)) continue;
        RC_FAIL(std::string(to_string(judged->verdict)) + ": " +
                (judged->anomalies.empty() ? "" : judged->anomalies[0].words) + "\n" +
                to_json_lines(history).value());
    }
}

constexpr Shape unique_registers{.operations = 10,
                                 .processes = 3,
                                 .keys = 2,
                                 .cas = false,
                                 .unique_writes = true,
                                 .lie_percent = 35};

TEST_CASE("levels: sequential consistency agrees with trying every interleaving", "[fast][prop]") {
    const Check check = [](const History& history) {
        return check_sequential(history, *make_register_model(), {});
    };
    rc::prop("values written once", [&] { hold_against(unique_registers, sequential, check); });
    rc::prop("values written again, and cas", [&] {
        hold_against({.operations = 8, .processes = 3, .keys = 2, .values = 2}, sequential, check);
    });
}

TEST_CASE("levels: causal consistency agrees with its definition", "[fast][prop]") {
    rc::prop("values written once", [] {
        hold_against(unique_registers, causal,
                     [](const History& history) { return check_causal(history, nil_value, {}); });
    });
}

template <SessionGuarantee guarantee>
void hold_guarantee() {
    rc::prop(std::string(to_string(guarantee)), [] {
        hold_against(
            unique_registers,
            [](const History& history) {
                const Plain plain = plain_of(history);
                return SessionOracle(plain, guarantee).holds();
            },
            [](const History& history) { return check_session(history, nil_value, guarantee); });
    });
}

TEST_CASE("levels: session guarantees agree with trying every order of values", "[fast][prop]") {
    hold_guarantee<SessionGuarantee::read_your_writes>();
    hold_guarantee<SessionGuarantee::monotonic_reads>();
    hold_guarantee<SessionGuarantee::monotonic_writes>();
    hold_guarantee<SessionGuarantee::writes_follow_reads>();
}

/// Whether the operations can be put in an order that explains them, `before(a, b)` telling which
/// must come first; all of one register, by trying every order.
template <class Before>
bool orders(const History& history, const Before& before, std::vector<bool>& placed,
            const oracle::Value& value) {
    const auto& operations = history.operations;
    bool done = true;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        if (!placed[index] && operations[index].completion == Completion::ok) done = false;
    }
    if (done) return true;
    for (std::size_t index = 0; index < placed.size(); ++index) {
        bool ready = !placed[index];
        for (std::size_t other = 0; other < placed.size(); ++other) {
            if (!placed[other] && before(operations[other], operations[index])) ready = false;
        }
        if (!ready) continue;
        const auto next = oracle::apply(value, operations[index], history.values);
        if (!next) continue;
        placed[index] = true;
        const bool found = orders(history, before, placed, *next);
        placed[index] = false;
        if (found) return true;
    }
    return false;
}

/// Bounded staleness as it is defined: a read may have looked from `bound` before its invocation
/// on, but for that writes keep their order. Times that go back are as late as what came before.
bool stale_by(const History& history, std::int64_t bound) {
    std::map<std::uint64_t, std::int64_t> times;
    for (const Operation& operation : history.operations) {
        times[operation.invoked] = operation.invoked_ns;
        if (operation.completed != never_completed) {
            times[operation.completed] = operation.completed_ns;
        }
    }
    std::int64_t latest = INT64_MIN;
    for (auto& [position, time] : times) time = latest = std::max(latest, time);
    const auto before = [&](const Operation& a, const Operation& b) {
        if (a.completed == never_completed) return false;
        if (b.function != Function::read) return a.completed < b.invoked;
        return times.at(a.completed) < times.at(b.invoked) - bound;
    };
    std::vector<bool> placed;
    for (const Operation& operation : history.operations) {
        placed.push_back(operation.completion == Completion::fail);
    }
    return orders(history, before, placed, "n");
}

TEST_CASE("levels: bounded staleness agrees with its definition", "[fast][prop]") {
    rc::prop("times that stand still, jump and go back", [] {
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        for (std::uint64_t number = 0; number < 30; ++number) {
            const std::uint64_t one = mix_hash(number, seed);
            Prng random(one);
            Shape drawn = unique_registers;
            drawn.keys = 1;
            drawn.operations = 1 + random.below(7);
            drawn.lie_percent = 30;
            History history = oracle::RandomHistory(drawn, one).run();
            std::map<std::uint64_t, std::int64_t*> events;
            for (Operation& operation : history.operations) {
                events[operation.invoked] = &operation.invoked_ns;
                if (operation.completed == never_completed) continue;
                events[operation.completed] = &operation.completed_ns;
            }
            std::int64_t now = 10;
            for (const auto& [position, time] : events) {
                now += static_cast<std::int64_t>(random.below(5)) - 1;
                *time = std::max<std::int64_t>(now, 0);
            }
            for (const std::int64_t bound : {0, 1, 2, 3, 7, 100}) {
                const auto early = with_early_reads(history, Duration(bound));
                RC_ASSERT(early.has_value());
                const auto result = check_linearizability(*early, *make_register_model());
                const bool expected = stale_by(history, bound);
                RC_ASSERT((result->verdict == Verdict::valid) == expected);
            }
        }
    });
}

}  // namespace
}  // namespace geode::check
