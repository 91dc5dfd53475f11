// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/polygraph.h"

#include "workloads/check/txn/polygraph_theory.h"

namespace geode::check::txn {
namespace {

/// What the graph takes, about, before the search begins.
std::uint64_t graph_bytes(const RegisterIndex& index) {
    return index.count() * std::uint64_t{2 * 130} + index.reads.size() * std::uint64_t{100} +
           index.writes.size() * std::uint64_t{80};
}

}  // namespace

PolygraphResult check_polygraph(const TxnHistory& history, const RegisterIndex& index,
                                const PolygraphOptions& options) {
    PolygraphResult result;
    result.bytes = graph_bytes(index);
    if (result.bytes > options.budget.bytes_max) {
        result.verdict = Verdict::unknown;
        return result;
    }
    const bool chained = options.level != StrongLevel::prefix;
    const VersionChains versions =
        chain_versions(index, chained ? Updates::make_chains : Updates::stand_alone);
    if (versions.lost_update) {
        result.verdict = Verdict::invalid;
        result.lost_update = true;
        result.cycle = *versions.lost_update;
        return result;
    }
    PolygraphGraph shape(history, index, versions, options);
    if (!shape.build()) {
        result.verdict = Verdict::invalid;
        const auto none = [](std::uint32_t) { return Ground::seen; };
        const auto no_key = [](std::uint32_t) { return no_node; };
        result.cycle = shape.links_of(shape.graph().cycle(), none, no_key);
        result.steps = shape.graph().steps();
        return result;
    }
    PolygraphTheory theory(index, versions, shape, options.level);
    ClauseSearch search(theory);
    theory.attach(search, options.budget.steps_max);
    const SearchOutcome outcome = search.run(options.budget.steps_max, options.budget.bytes_max);
    result.steps = search.steps() + theory.steps();
    result.bytes = std::max(result.bytes, search.bytes() + theory.bytes());
    result.questions = theory.questions();
    result.conflicts = search.conflicts();
    if (outcome == SearchOutcome::exhausted) result.verdict = Verdict::unknown;
    if (outcome == SearchOutcome::contradiction) {
        result.verdict = Verdict::invalid;
        result.cycle = theory.cycle();
    }
    return result;
}

}  // namespace geode::check::txn
