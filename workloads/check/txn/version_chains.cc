// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/version_chains.h"

#include <algorithm>

#include "base/assert.h"

namespace geode::check::txn {
namespace {

class Chainer {
public:
    Chainer(const RegisterIndex& index, Updates updates) : index_(index), updates_(updates) {}

    VersionChains run() && {
        const auto versions = static_cast<std::uint32_t>(index_.writes.size());
        out_.node.resize(versions);
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (std::uint32_t at = index_.writes_begin[node]; at < index_.writes_begin[node + 1];
                 ++at) {
                out_.node[at] = node;
            }
        }
        out_.after.assign(versions, no_node);
        before_.assign(versions, no_node);
        first_update_.assign(index_.keys.size(), no_node);
        sort_reads();
        if (!out_.lost_update) make_chains();
        return std::move(out_);
    }

private:
    std::uint32_t version_of(std::uint32_t node, std::uint32_t key) const {
        const std::span<const std::uint32_t> keys = index_.writes_of(node);
        const auto found = std::ranges::lower_bound(keys, key);
        GEODE_ASSERT(found != keys.end());
        GEODE_ASSERT(*found == key);
        return index_.writes_begin[node] + static_cast<std::uint32_t>(found - keys.begin());
    }

    /// Reads become links of chains, or readers of a version, or of the initial state of a key.
    void sort_reads() {
        std::vector<std::uint32_t> read_already(index_.keys.size(), no_node);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> of_version;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> of_key;
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (const RegisterRead& read : index_.reads_of(node)) {
                if (read_already[read.key] == node) continue;
                read_already[read.key] = node;
                const std::uint32_t version =
                    read.writer == no_node ? no_node : version_of(read.writer, read.key);
                if (updates_ == Updates::make_chains && index_.writes_key(node, read.key)) {
                    link(version, version_of(node, read.key), read.key);
                } else if (version == no_node) {
                    of_key.emplace_back(read.key, node);
                } else {
                    of_version.emplace_back(version, node);
                }
            }
        }
        fill(of_version, out_.node.size(), out_.readers_begin, out_.readers);
        fill(of_key, index_.keys.size(), out_.initial_begin, out_.initial);
    }

    void link(std::uint32_t version, std::uint32_t update, std::uint32_t key) {
        std::uint32_t& next = version == no_node ? first_update_[key] : out_.after[version];
        if (next != no_node) {
            if (out_.lost_update) return;
            const std::uint32_t one = out_.node[next];
            const std::uint32_t other = out_.node[update];
            out_.lost_update = Cycle{{.from = one, .to = other, .kind = LinkKind::rw, .key = key},
                                     {.from = other, .to = one, .kind = LinkKind::rw, .key = key}};
            return;
        }
        next = update;
        if (version != no_node) before_[update] = version;
    }

    static void fill(std::span<const std::pair<std::uint32_t, std::uint32_t>> pairs,
                     std::size_t count, std::vector<std::uint32_t>& begin,
                     std::vector<std::uint32_t>& items) {
        begin.assign(count + 1, 0);
        for (const auto& [row, item] : pairs) ++begin[row + 1];
        for (std::size_t row = 0; row < count; ++row) begin[row + 1] += begin[row];
        items.resize(pairs.size());
        std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
        for (const auto& [row, item] : pairs) items[next[row]++] = item;
    }

    void make_chains() {
        // Chains by key, in the order of their heads. A circle of updates has no head; the wr links
        // of its members are a cycle that the caller's graph has.
        std::vector<std::pair<std::uint32_t, std::uint32_t>> heads;
        for (std::uint32_t version = 0; version < out_.node.size(); ++version) {
            if (before_[version] == no_node) heads.emplace_back(index_.writes[version], version);
        }
        std::vector<std::uint32_t> sorted;
        fill(heads, index_.keys.size(), out_.chains_begin, sorted);
        out_.chain.assign(out_.node.size(), no_node);
        for (const std::uint32_t head : sorted) {
            const std::uint32_t key = index_.writes[head];
            const auto number = static_cast<std::uint32_t>(out_.chains.size());
            Chain chain{
                .key = key, .head = head, .tail = head, .first = first_update_[key] == head};
            for (std::uint32_t at = head; at != no_node; at = out_.after[at]) {
                out_.chain[at] = number;
                chain.tail = at;
            }
            out_.chains.push_back(chain);
        }
    }

    const RegisterIndex& index_;
    Updates updates_;
    std::vector<std::uint32_t> before_;        // version -> the one it overwrote
    std::vector<std::uint32_t> first_update_;  // key -> the update of its initial state
    VersionChains out_;
};

}  // namespace

VersionChains chain_versions(const RegisterIndex& index, Updates updates) {
    return Chainer(index, updates).run();
}

}  // namespace geode::check::txn
