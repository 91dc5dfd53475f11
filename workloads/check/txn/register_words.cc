// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/register_words.h"

#include <algorithm>

#include "workloads/check/txn/isolation.h"

namespace geode::check::txn {
namespace {

// Steps of a cycle that its one line tells; the rest are among its steps.
constexpr std::size_t told_steps_max = 6;

std::string transaction_words(std::uint32_t source) {
    return "T" + std::to_string(source);
}

/// How often each kind of link occurs, and how the rw links stand to the others.
struct Shape {
    std::size_t ww = 0;
    std::size_t wr = 0;
    std::size_t rw = 0;
    bool adjacent = false;         // two rw in a row
    bool after_visibility = true;  // each rw comes after wr, process or real time
    std::string suffix;
};

Shape shape_of(const Cycle& cycle) {
    Shape shape;
    bool process = false;
    bool realtime = false;
    for (std::size_t at = 0; at < cycle.size(); ++at) {
        const LinkKind kind = cycle[at].kind;
        const LinkKind before = cycle[(at + cycle.size() - 1) % cycle.size()].kind;
        shape.ww += kind == LinkKind::ww ? 1 : 0;
        shape.wr += kind == LinkKind::wr ? 1 : 0;
        process = process || kind == LinkKind::process;
        realtime = realtime || kind == LinkKind::realtime;
        if (kind != LinkKind::rw) continue;
        ++shape.rw;
        if (before == LinkKind::rw && cycle.size() > 1) shape.adjacent = true;
        if (before == LinkKind::rw || before == LinkKind::ww) shape.after_visibility = false;
    }
    shape.suffix = realtime ? "-realtime" : process ? "-process" : "";
    return shape;
}

std::string suffix_of(KeptOrder order) {
    switch (order) {
        case KeptOrder::none: return "";
        case KeptOrder::session: return "-process";
        case KeptOrder::real_time: return "-realtime";
    }
    GEODE_UNREACHABLE("KeptOrder out of range");
}

/// What only this level excludes.
std::string name_of(StrongLevel level, KeptOrder order) {
    switch (level) {
        case StrongLevel::prefix:
            if (order == KeptOrder::none) return "prefix-violation";
            [[fallthrough]];
        case StrongLevel::snapshot: return "G-nonadjacent-item" + suffix_of(order);
        case StrongLevel::parallel_snapshot: return "G-single-item" + suffix_of(order);
        case StrongLevel::serializable: return "G2-item" + suffix_of(order);
    }
    GEODE_UNREACHABLE("StrongLevel out of range");
}

}  // namespace

std::string name_of(const Cycle& cycle, WeakLevel level) {
    const Shape shape = shape_of(cycle);
    if (shape.ww == 0 && shape.rw == 0) return "G1c" + shape.suffix;
    if (level == WeakLevel::causal) return "causality-violation" + shape.suffix;
    if (level == WeakLevel::read_atomic || !shape.suffix.empty()) {
        return "fractured-read" + shape.suffix;
    }
    return "monotonic-fractured-read";
}

std::vector<std::string> names_of(const Cycle& cycle, StrongLevel level, KeptOrder order) {
    const Shape shape = shape_of(cycle);
    const bool inferred = std::ranges::any_of(cycle, [](const Link& link) {
        return link.kind == LinkKind::ww || link.ground != Ground::seen;
    });
    if (inferred) return {name_of(level, order)};
    if (shape.rw == 0) return {"G1c" + shape.suffix};
    if (shape.rw == 1) return {"G-single-item" + shape.suffix};
    if (shape.adjacent) {
        std::vector<std::string> names{"G2-item" + shape.suffix};
        if (cycle.size() == 2) names.emplace_back("write-skew");
        return names;
    }
    std::vector<std::string> names{"G-nonadjacent-item" + shape.suffix};
    if (!shape.after_visibility || !shape.suffix.empty()) return names;
    const bool fork = cycle.size() == 4 && shape.rw == 2;
    names.emplace_back(fork ? "long-fork" : "prefix-violation");
    return names;
}

std::string RegisterWords::value_written(std::uint32_t node, std::uint32_t key) const {
    const Transaction& transaction = history_.transactions[source(node)];
    for (std::uint32_t at = transaction.mops_end; at > transaction.mops_begin; --at) {
        const Mop& mop = history_.mops[at - 1];
        if (mop.kind == MopKind::write && mop.key == index_.keys[key]) {
            return history_.values.describe(mop.value);
        }
    }
    return "?";
}

std::string RegisterWords::value_read(std::uint32_t node, std::uint32_t key) const {
    for (const RegisterRead& read : index_.reads_of(node)) {
        if (read.key == key) return history_.values.describe(history_.mops[read.mop].value);
    }
    return "?";
}

std::string RegisterWords::step_words(const Link& link) const {
    const std::string to = transaction_words(source(link.to));
    const std::string key =
        link.key == no_node ? "" : history_.values.describe(index_.keys[link.key]);
    switch (link.kind) {
        case LinkKind::process:
            return "came before " + to + " in the session of process " +
                   std::to_string(history_.transactions[source(link.to)].process);
        case LinkKind::realtime: return "was over before " + to + " began";
        case LinkKind::wr:
            return "wrote " + key + " = " + value_written(link.from, link.key) + ", which " + to +
                   " read";
        case LinkKind::rw:
        case LinkKind::ww: break;
    }
    const bool reads = link.kind == LinkKind::rw;
    std::string words =
        (reads ? "read " : "wrote ") + key + " = " +
        (reads ? value_read(link.from, link.key) : value_written(link.from, link.key)) +
        ", which " + to + " overwrote with " + value_written(link.to, link.key);
    if (link.ground == Ground::reader) {
        words += " (" + transaction_words(source(link.reader)) +
                 " knew of the one and still read the other)";
    } else if (link.ground == Ground::forced) {
        words += " (the other way round closes a cycle too)";
    } else if (link.ground == Ground::chosen) {
        words += " (no order of these writes is without a cycle; this is one)";
    }
    return words;
}

void RegisterWords::add(Anomaly anomaly) {
    for (const std::uint32_t id : anomaly.operations) {
        const auto place =
            std::ranges::lower_bound(judgement_.operations, id, {}, &WitnessOperation::index);
        if (place != judgement_.operations.end() && place->index == id) continue;
        const Transaction& transaction = history_.transactions[id];
        judgement_.operations.insert(place,
                                     WitnessOperation{.index = id,
                                                      .process = transaction.process,
                                                      .invoked = transaction.invoked,
                                                      .completed = transaction.completed,
                                                      .words = describe(history_, transaction)});
    }
    judgement_.anomalies.push_back(std::move(anomaly));
}

void RegisterWords::add_problem(const ReadProblem& problem) {
    const Mop& mop = history_.mops[problem.mop];
    const std::string reader = transaction_words(problem.transaction);
    const std::string read = reader + " read " + history_.values.describe(mop.key) + " = " +
                             history_.values.describe(mop.value);
    Anomaly anomaly{.name = std::string(problem.name),
                    .words = {},
                    .operations = {problem.transaction},
                    .steps = {}};
    const bool other = problem.writer != no_node && problem.writer != problem.transaction;
    if (other && problem.name != "internal") anomaly.operations.push_back(problem.writer);
    const std::string writer = other ? transaction_words(problem.writer) : "";
    if (problem.name == "internal") anomaly.words = read + " though it had written another value";
    if (problem.name == "future-read") anomaly.words = read + ", which it wrote only later";
    if (problem.name == "garbage-read") anomaly.words = read + ", which nobody wrote";
    if (problem.name == "G1a") anomaly.words = read + ", which " + writer + " wrote and aborted";
    if (problem.name == "G1b") {
        anomaly.words = read + ", which " + writer + " itself overwrote before it committed";
    }
    std::ranges::sort(anomaly.operations);
    add(std::move(anomaly));
}

void RegisterWords::add_unrepeated(std::uint32_t read) {
    const RegisterRead& later = index_.reads[read];
    const auto after = std::ranges::upper_bound(index_.reads_begin, read);
    const auto node = static_cast<std::uint32_t>(after - index_.reads_begin.begin() - 1);
    const std::span<const RegisterRead> reads = index_.reads_of(node);
    const auto earlier = std::ranges::find_if(reads, [&](const RegisterRead& other) {
        return other.key == later.key && other.writer != later.writer;
    });
    const auto value = [this](const RegisterRead& one) {
        return history_.values.describe(history_.mops[one.mop].value);
    };
    add({.name = "internal",
         .words = transaction_words(source(node)) + " read " +
                  history_.values.describe(index_.keys[later.key]) + " = " + value(*earlier) +
                  " and then " + value(later),
         .operations = {source(node)},
         .steps = {}});
}

void RegisterWords::add_weak(const Cycle& cycle, WeakLevel level) {
    add_cycle(cycle, {name_of(cycle, level)});
}

void RegisterWords::add_search(const PolygraphResult& result, StrongLevel level, KeptOrder order) {
    add_cycle(result.cycle, result.lost_update ? std::vector<std::string>{"lost-update"}
                                               : names_of(result.cycle, level, order));
}

void RegisterWords::add_cycle(const Cycle& cycle, const std::vector<std::string>& names) {
    Anomaly anomaly;
    for (std::size_t at = 0; at < cycle.size(); ++at) {
        const Link& link = cycle[at];
        const std::string words = step_words(link);
        anomaly.operations.push_back(source(link.from));
        anomaly.steps.push_back({.from = source(link.from),
                                 .to = source(link.to),
                                 .relation = std::string(to_string(link.kind)),
                                 .words = words});
        if (link.ground == Ground::reader) anomaly.operations.push_back(source(link.reader));
        if (at > told_steps_max) continue;
        if (at == told_steps_max) {
            anomaly.words.append("; and ")
                .append(std::to_string(cycle.size() - at))
                .append(" steps more lead back");
            continue;
        }
        anomaly.words.append(at == 0 ? "" : "; ")
            .append(transaction_words(source(link.from)))
            .append(" ")
            .append(words);
    }
    std::ranges::sort(anomaly.operations);
    anomaly.operations.erase(std::ranges::unique(anomaly.operations).begin(),
                             anomaly.operations.end());
    for (const std::string& name : names) {
        anomaly.name = name;
        add(anomaly);
        anomaly.steps.clear();
    }
}

Judgement RegisterWords::judgement(std::string_view level) && {
    judgement_.verdict = Verdict::invalid;
    std::vector<std::string_view> names;
    for (const Anomaly& anomaly : judgement_.anomalies) names.push_back(anomaly.name);
    RuledOut ruled_out = ruled_out_by(names);
    judgement_.ruled_out = std::move(ruled_out.weakest);
    judgement_.also_ruled_out = std::move(ruled_out.others);
    const auto contains = [level](const std::vector<std::string>& models) {
        return std::ranges::find(models, level) != models.end();
    };
    if (!contains(judgement_.ruled_out) && !contains(judgement_.also_ruled_out)) {
        judgement_.ruled_out.insert(std::ranges::lower_bound(judgement_.ruled_out, level),
                                    std::string(level));
    }
    return std::move(judgement_);
}

}  // namespace geode::check::txn
