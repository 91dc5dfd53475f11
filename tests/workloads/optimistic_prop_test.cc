// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "tests/workloads/graph_store.h"

using namespace geode;
using namespace geode::workloads;
using graph::Value;

namespace {

/// A step of one of several transactions that run at once.
struct Step {
    std::uint32_t transaction = 0;
    std::uint32_t kind = 0;  ///< commit, read, or write what was read
    std::uint64_t vertex = 0;
};

rc::Gen<std::vector<Step>> steps() {
    return rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
        rc::gen::set(&Step::transaction, rc::gen::inRange<std::uint32_t>(0, 4)),
        rc::gen::set(&Step::kind, rc::gen::inRange<std::uint32_t>(0, 7)),
        rc::gen::set(&Step::vertex, rc::gen::inRange<std::uint64_t>(0, 3))));
}

using State = std::map<std::uint64_t, Value>;

/// What a transaction has read from the store and means to leave there.
struct Running {
    OptimisticTransaction transaction;
    State found;
    State now;
};

/// Runs the steps against the product's graph, and beside it against a map that a transaction
/// changes in one piece when it commits.
class Model {
public:
    void take(const Step& step) {
        std::optional<Running>& running = running_[step.transaction];
        if (!running) running.emplace(Running{OptimisticTransaction(store_, "p"), {}, {}});
        if (step.kind == 0) return commit(running);
        const Value seen = graph::expect(running->transaction.read(VertexId(step.vertex)));
        if (running->found.try_emplace(step.vertex, seen).second) {
            RC_ASSERT(seen == state_[step.vertex]);
            running->now[step.vertex] = seen;
        }
        RC_ASSERT(seen == running->now[step.vertex]);
        if (step.kind <= 3) return;
        // Few values, null among them, so that some come back.
        const Value value = written_++ % 4 == 0 ? Value() : Value(written_ % 3);
        running->transaction.write(VertexId(step.vertex), value);
        running->now[step.vertex] = value;
    }

    void check_state() {
        for (const auto& [vertex, value] : state_) {
            RC_ASSERT(graph::expect(store_.read(VertexId(vertex), "p")) == value);
        }
    }

private:
    void commit(std::optional<Running>& running) {
        if (running->found.empty()) return;
        bool holds = true;
        for (const auto& [vertex, value] : running->found) holds &= state_[vertex] == value;
        const graph::Outcome outcome = graph::expect(running->transaction.commit());
        // Exactly then: no transaction commits wrongly, and none is aborted without a reason.
        RC_ASSERT(outcome.is_ok() == holds);
        RC_ASSERT(outcome.is_ok() || outcome.code == graph::OutcomeCode::conflict);
        if (outcome.is_ok()) {
            for (const auto& [vertex, value] : running->now) state_[vertex] = value;
        }
        running.reset();
        check_state();
    }

    GraphStore store_;
    State state_;
    std::map<std::uint32_t, std::optional<Running>> running_;
    std::int64_t written_ = 0;
};

}  // namespace

TEST_CASE("optimistic: whatever runs at once, commits are as if one after another",
          "[fast][prop]") {
    rc::prop("commits happen whole, exactly if what was read holds at that moment", [] {
        Model model;
        for (const Step& step : *steps()) model.take(step);
        model.check_state();
    });
}
