// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/open_appends.h"

#include <algorithm>
#include <array>

#include "base/hash_map.h"
#include "workloads/check/txn/polygraph.h"

namespace geode::check::txn {
namespace {

// Lookups only, never iterated: the salt cannot show.
constexpr std::uint64_t process_salt = 0x6f61;

struct Question {
    StrongLevel level = StrongLevel::snapshot;
    KeptOrder order = KeptOrder::none;
    std::string_view anomaly;  ///< what it is called that only this forbids
    std::string_view general;  ///< where this is forbidden too, any order will do
    std::string_view plain;    ///< what the level forbids as well: else an order may make it
};

// Weakest first.
constexpr auto questions = std::to_array<Question>({
    {StrongLevel::parallel_snapshot, KeptOrder::none, "G-single-item", "G2-item", "G1c"},
    {StrongLevel::snapshot, KeptOrder::none, "G-nonadjacent-item", "G2-item", "G1c"},
    {StrongLevel::snapshot, KeptOrder::session, "G-nonadjacent-item-process", "G2-item-process",
     "G1c-process"},
    {StrongLevel::snapshot, KeptOrder::real_time, "G-nonadjacent-item-realtime", "G2-item-realtime",
     "G1c-realtime"},
});

bool asked(const Question& question, std::span<const std::string_view> forbidden) {
    const auto has = [forbidden](std::string_view name) {
        return std::ranges::find(forbidden, name) != forbidden.end();
    };
    return has(question.anomaly) && has(question.plain) && !has(question.general);
}

/// The history as one of registers: a node for each transaction that counts.
class Translation {
public:
    Translation(const ListIndex& index, KeptOrder order)
        : index_(index), history_(index.history()), order_(order) {}

    RegisterIndex run() {
        node_of_.assign(history_.transactions.size(), no_node);
        for (std::uint32_t txn = 0; txn < history_.transactions.size(); ++txn) {
            if (!index_.committed()[txn]) continue;
            node_of_[txn] = out_.count();
            out_.sources.push_back(txn);
        }
        for (std::uint32_t key = 0; key < index_.keys(); ++key) {
            out_.keys.push_back(index_.name_of_key(key));
        }
        std::uint32_t next_append = 0;
        for (std::uint32_t node = 0; node < out_.count(); ++node) {
            out_.reads_begin.push_back(static_cast<std::uint32_t>(out_.reads.size()));
            out_.writes_begin.push_back(static_cast<std::uint32_t>(out_.writes.size()));
            while (next_append < index_.appends().size() &&
                   index_.append(next_append).transaction < out_.sources[node]) {
                ++next_append;
            }
            next_append = add_appends(node, next_append);
            add_reads(node);
        }
        out_.reads_begin.push_back(static_cast<std::uint32_t>(out_.reads.size()));
        out_.writes_begin.push_back(static_cast<std::uint32_t>(out_.writes.size()));
        link_sessions();
        return std::move(out_);
    }

private:
    /// The transaction whose append made this version; the empty list has none.
    std::uint32_t writer_of(std::uint32_t key, std::uint32_t version) const {
        if (version == 0) return no_node;
        return node_of_[index_.append(index_.order(key)[version - 1]).transaction];
    }

    void add_read(std::uint32_t node, std::uint32_t key, std::uint32_t version, std::uint32_t mop) {
        const std::uint32_t writer = writer_of(key, version);
        if (writer != node) out_.reads.push_back({.key = key, .writer = writer, .mop = mop});
    }

    /// Each key it appended to is written once; what was seen read the version before.
    std::uint32_t add_appends(std::uint32_t node, std::uint32_t number) {
        for (; number < index_.appends().size(); ++number) {
            const Append& append = index_.append(number);
            if (append.transaction != out_.sources[node]) break;
            out_.writes.push_back(append.key);
            if (append.version == no_version) continue;
            add_read(node, append.key, append.version - 1, append.mop);
        }
        const auto begin = out_.writes.begin() + out_.writes_begin.back();
        std::sort(begin, out_.writes.end());
        out_.writes.erase(std::unique(begin, out_.writes.end()), out_.writes.end());
        return number;
    }

    void add_reads(std::uint32_t node) {
        const Transaction& transaction = history_.transactions[out_.sources[node]];
        if (transaction.completion != Completion::ok) return;
        for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
            const Mop& read = history_.mops[mop];
            if (read.kind != MopKind::read_list || index_.version_of(mop) == no_version) continue;
            add_read(node, index_.key_of(read), index_.version_of(mop), mop);
        }
    }

    /// As the edges of add_process_edges.
    void link_sessions() {
        const std::uint32_t count = out_.count();
        out_.before.assign(count, no_node);
        out_.session.assign(count, 0);
        out_.position.assign(count, 0);
        HashMap<std::int64_t, std::uint32_t> latest(process_salt);
        for (std::uint32_t node = 0; node < count; ++node) {
            const Transaction& transaction = history_.transactions[out_.sources[node]];
            const bool ok = transaction.completion == Completion::ok;
            if (order_ != KeptOrder::none) {
                const auto found = latest.find(transaction.process);
                if (found != latest.end()) out_.before[node] = found->second;
                if (ok) latest[transaction.process] = node;
            }
            const std::uint32_t before = out_.before[node];
            if (before != no_node && ok) {
                out_.session[node] = out_.session[before];
                out_.position[node] = out_.position[before] + 1;
            } else {
                out_.session[node] = out_.session_count++;
            }
        }
    }

    const ListIndex& index_;
    const TxnHistory& history_;
    KeptOrder order_;
    std::vector<std::uint32_t> node_of_;
    RegisterIndex out_;
};

std::string words_of(const ListIndex& index, const RegisterIndex& registers, const Link& link) {
    const TxnHistory& history = index.history();
    const std::uint32_t source = registers.sources[link.from];
    const std::string from = std::to_string(source);
    const std::string to = std::to_string(registers.sources[link.to]);
    const std::string key =
        link.key == no_node ? "" : "key " + history.values.describe(registers.keys[link.key]);
    switch (link.kind) {
        case LinkKind::process:
            return "process " + std::to_string(history.transactions[source].process) + " ran " +
                   from + " before " + to;
        case LinkKind::realtime: return from + " had completed before " + to + " was invoked";
        case LinkKind::wr: return to + " followed on what " + from + " appended to " + key;
        case LinkKind::rw: return from + " saw " + key + " without what " + to + " appended";
        case LinkKind::ww: break;
    }
    if (link.ground == Ground::seen || link.ground == Ground::update) {
        return to + " appended to " + key + " after " + from;
    }
    return "nobody saw in which order " + from + " and " + to + " appended to " + key +
           ", and the other one fails as well";
}

Anomaly anomaly_of(const ListIndex& index, const RegisterIndex& registers, std::string_view name,
                   const Cycle& cycle) {
    Anomaly anomaly{.name = std::string(name), .words = {}, .operations = {}, .steps = {}};
    for (const Link& link : cycle) {
        const std::uint32_t from = registers.sources[link.from];
        anomaly.operations.push_back(from);
        anomaly.steps.push_back(WitnessStep{.from = from,
                                            .to = registers.sources[link.to],
                                            .relation = std::string(to_string(link.kind)),
                                            .words = words_of(index, registers, link)});
        if (!anomaly.words.empty()) anomaly.words += "; ";
        anomaly.words += anomaly.steps.back().words;
    }
    return anomaly;
}

class Search {
public:
    Search(const ListIndex& index, const Budget& budget) : index_(index), budget_(budget) {}

    PolygraphResult ask(const Question& question) {
        registers_ = Translation(index_, question.order).run();
        Budget left = budget_;
        left.steps_max -= std::min(left.steps_max, found_.steps);
        PolygraphResult result =
            check_polygraph(index_.history(), registers_,
                            {.level = question.level, .order = question.order, .budget = left});
        found_.steps += result.steps;
        found_.bytes = std::max(found_.bytes, result.bytes);
        return result;
    }

    /// The strongest that is asked; if it fails, the weakest that fails is named.
    OpenAppends run(std::span<const Question> asked_for) && {
        const Question* failed = &asked_for.back();
        PolygraphResult result = ask(*failed);
        found_.complete = result.verdict != Verdict::unknown;
        if (result.verdict != Verdict::invalid) return std::move(found_);
        for (const Question& weaker : asked_for.first(asked_for.size() - 1)) {
            PolygraphResult other = ask(weaker);
            if (other.verdict != Verdict::invalid) continue;
            found_.anomaly = anomaly_of(index_, registers_, weaker.anomaly, other.cycle);
            return std::move(found_);
        }
        found_.anomaly = anomaly_of(index_, registers_, failed->anomaly, result.cycle);
        return std::move(found_);
    }

private:
    const ListIndex& index_;
    const Budget& budget_;
    RegisterIndex registers_;
    OpenAppends found_;
};

}  // namespace

OpenAppends order_open_appends(const ListIndex& index, const DependencyGraph& graph,
                               std::span<const std::string_view> forbidden, const Budget& budget) {
    std::vector<Question> asked_for;
    for (const Question& question : questions) {
        if (asked(question, forbidden)) asked_for.push_back(question);
    }
    if (asked_for.empty() || !has_open_pair(index, graph)) return {};
    return Search(index, budget).run(asked_for);
}

}  // namespace geode::check::txn
