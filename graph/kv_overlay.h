// SPDX-License-Identifier: Apache-2.0
#pragma once

// KvOverlay: uncommitted writes over a view, readable at once, undoable to the last mark.
//
// Invariants:
//  1. Reads see the overlay's writes first, then the base, merged in key order.
//  2. The base does not change while the overlay holds changes or is being read.
//  3. mark() forgets how to undo what came before; rollback() undoes exactly what came after the
//     last mark. Undo is a list of touched entries, so a mark costs nothing and a rollback costs
//     what it undoes, never the size of the overlay.
// A removal stays as a tombstone even of a key the base never had: one blind delete in the final
// batch is cheaper than a read to find out.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "graph/kv_view.h"

namespace geode::graph {

class KvOverlay final : public KvView {
public:
    /// Borrows `base`.
    explicit KvOverlay(KvView& base) : base_(base) {}
    KvOverlay(const KvOverlay&) = delete;
    KvOverlay& operator=(const KvOverlay&) = delete;

    Result<std::optional<Bytes>> get(BytesView key) override;
    Result<void> for_each(BytesView from, BytesView to, Visitor visit) override;

    /// The overlay's own opinion of `key`: nullptr if it has none, else the value or a tombstone.
    const std::optional<Bytes>* find(BytesView key) const;

    void put(Bytes key, Bytes value) { set(std::move(key), std::move(value)); }
    void remove(Bytes key) { set(std::move(key), std::nullopt); }

    void mark() { undo_.clear(); }
    void rollback();
    /// Forgets all changes.
    void clear();

    std::size_t change_count() const { return changes_.size(); }
    /// Puts and removes everything, in key order, into a batch such as storage::KvBatch.
    template <class Batch>
    void append_to(Batch& batch) const {
        for (const auto& [key, value] : changes_) {
            if (value) {
                batch.put(key, *value);
            } else {
                batch.remove(key);
            }
        }
    }

private:
    using Changes = std::map<Bytes, std::optional<Bytes>, std::less<>>;
    struct Undo {
        Changes::iterator at;
        bool inserted;  ///< there was no entry; else `previous` was it
        std::optional<Bytes> previous;
    };
    void set(Bytes key, std::optional<Bytes> value);

    KvView& base_;
    Changes changes_;
    std::vector<Undo> undo_;
    std::uint32_t iterations_ = 0;  ///< for_each calls in progress, during which nothing is set
};

}  // namespace geode::graph
