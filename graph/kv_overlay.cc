// SPDX-License-Identifier: Apache-2.0
#include "graph/kv_overlay.h"

#include <utility>

namespace geode::graph {

const std::optional<Bytes>* KvOverlay::find(BytesView key) const {
    const auto at = changes_.find(key);
    return at == changes_.end() ? nullptr : &at->second;
}

Result<std::optional<Bytes>> KvOverlay::get(BytesView key) {
    if (const std::optional<Bytes>* change = find(key)) return *change;
    return base_.get(key);
}

Result<void> KvOverlay::for_each(BytesView from, BytesView to, Visitor visit) {
    if (from >= to) return {};
    auto change = changes_.lower_bound(from);
    const auto change_end = changes_.lower_bound(to);
    if (change == change_end) return base_.for_each(from, to, visit);

    ++iterations_;
    bool more = true;
    // Visits the puts before `limit`, which the base does not have; tombstones hide nothing there.
    const auto visit_changes_before = [&](std::optional<BytesView> limit) {
        for (; more && change != change_end && (!limit || change->first < *limit); ++change) {
            if (change->second) more = visit(change->first, *change->second);
        }
        return more;
    };
    const auto merge = [&](BytesView key, BytesView value) {
        if (!visit_changes_before(key)) return false;
        if (change != change_end && change->first == key) {
            if (change->second) more = visit(change->first, *change->second);
            ++change;
        } else {
            more = visit(key, value);
        }
        return more;
    };
    Result<void> read = base_.for_each(from, to, merge);
    if (read && more) visit_changes_before(std::nullopt);
    --iterations_;
    return read;
}

void KvOverlay::set(Bytes key, std::optional<Bytes> value) {
    GEODE_ASSERT_MSG(iterations_ == 0, "an overlay is not written while it is iterated");
    const auto [at, inserted] = changes_.try_emplace(std::move(key), std::nullopt);
    undo_.push_back({at, inserted, std::exchange(at->second, std::move(value))});
}

void KvOverlay::rollback() {
    GEODE_ASSERT(iterations_ == 0);
    for (; !undo_.empty(); undo_.pop_back()) {
        Undo& last = undo_.back();
        if (last.inserted) {
            changes_.erase(last.at);
        } else {
            last.at->second = std::move(last.previous);
        }
    }
}

void KvOverlay::clear() {
    GEODE_ASSERT(iterations_ == 0);
    undo_.clear();
    changes_.clear();
}

}  // namespace geode::graph
