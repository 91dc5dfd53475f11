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
        number_versions();
        out_.after.assign(out_.node.size(), no_node);
        before_.assign(out_.node.size(), no_node);
        first_update_.assign(index_.keys.size(), no_node);
        sort_reads();
        if (!out_.lost_update) make_chains();
        return std::move(out_);
    }

private:
    void number_versions() {
        std::vector<std::uint32_t> next(index_.keys.size() + 1);
        for (const std::uint32_t key : index_.writes) ++next[key + 1];
        for (std::size_t key = 0; key < index_.keys.size(); ++key) next[key + 1] += next[key];
        out_.node.resize(index_.writes.size());
        key_.resize(index_.writes.size());
        version_of_write_.resize(index_.writes.size());
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (std::uint32_t at = index_.writes_begin[node]; at < index_.writes_begin[node + 1];
                 ++at) {
                const std::uint32_t version = next[index_.writes[at]]++;
                version_of_write_[at] = version;
                out_.node[version] = node;
                key_[version] = index_.writes[at];
            }
        }
    }

    std::uint32_t version_of(std::uint32_t node, std::uint32_t key) const {
        const std::span<const std::uint32_t> keys = index_.writes_of(node);
        const auto found = std::ranges::lower_bound(keys, key);
        GEODE_ASSERT(found != keys.end());
        GEODE_ASSERT(*found == key);
        return version_of_write_[index_.writes_begin[node] +
                                 static_cast<std::uint32_t>(found - keys.begin())];
    }

    /// Reads become links of chains, or readers of a version, or of the initial state of a key.
    void sort_reads() {
        std::vector<std::uint32_t> read_already(index_.keys.size(), no_node);
        std::vector<std::uint32_t> of_version(index_.reads.size(), no_node);
        std::vector<std::uint32_t> of_key(index_.reads.size(), no_node);
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (std::uint32_t at = index_.reads_begin[node]; at < index_.reads_begin[node + 1];
                 ++at) {
                const RegisterRead& read = index_.reads[at];
                if (read_already[read.key] == node) continue;
                read_already[read.key] = node;
                const std::uint32_t version =
                    read.writer == no_node ? no_node : version_of(read.writer, read.key);
                if (updates_ == Updates::make_chains && index_.writes_key(node, read.key)) {
                    link(version, version_of(node, read.key), read.key);
                } else if (version == no_node) {
                    of_key[at] = read.key;
                } else {
                    of_version[at] = version;
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

    /// Who made each read, by the row it belongs to, if any.
    void fill(std::span<const std::uint32_t> row_of_read, std::size_t count,
              std::vector<std::uint32_t>& begin, std::vector<std::uint32_t>& readers) const {
        begin.assign(count + 1, 0);
        for (const std::uint32_t row : row_of_read) {
            if (row != no_node) ++begin[row + 1];
        }
        for (std::size_t row = 0; row < count; ++row) begin[row + 1] += begin[row];
        readers.resize(begin.back());
        std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
        for (std::uint32_t node = 0; node < index_.count(); ++node) {
            for (std::uint32_t at = index_.reads_begin[node]; at < index_.reads_begin[node + 1];
                 ++at) {
                if (row_of_read[at] != no_node) readers[next[row_of_read[at]]++] = node;
            }
        }
    }

    /// Chains in the order of their heads. A circle of updates has no head; the wr links of its
    /// members are a cycle that the caller's graph has.
    void make_chains() {
        out_.chain.assign(out_.node.size(), no_node);
        out_.chains_begin.assign(index_.keys.size() + 1, 0);
        for (std::uint32_t head = 0; head < out_.node.size(); ++head) {
            if (before_[head] != no_node) continue;
            const std::uint32_t key = key_[head];
            const auto number = static_cast<std::uint32_t>(out_.chains.size());
            Chain chain{
                .key = key, .head = head, .tail = head, .first = first_update_[key] == head};
            for (std::uint32_t at = head; at != no_node; at = out_.after[at]) {
                out_.chain[at] = number;
                chain.tail = at;
            }
            out_.chains.push_back(chain);
            ++out_.chains_begin[key + 1];
        }
        for (std::size_t key = 0; key < index_.keys.size(); ++key) {
            out_.chains_begin[key + 1] += out_.chains_begin[key];
        }
    }

    const RegisterIndex& index_;
    Updates updates_;
    std::vector<std::uint32_t> version_of_write_;  // place in RegisterIndex::writes -> version
    std::vector<std::uint32_t> key_;               // of a version
    std::vector<std::uint32_t> before_;            // version -> the one it overwrote
    std::vector<std::uint32_t> first_update_;      // key -> the update of its initial state
    VersionChains out_;
};

}  // namespace

VersionChains chain_versions(const RegisterIndex& index, Updates updates) {
    return Chainer(index, updates).run();
}

}  // namespace geode::check::txn
