// SPDX-License-Identifier: Apache-2.0
#pragma once

// KvView: the little that graph reads need of an ordered key-value store.
//
// Three things stand behind it: the store itself or a snapshot of it (store_view.h), a
// transaction's uncommitted changes over another view (kv_overlay.h), and a std::map in tests. So
// every read works the same on committed state, on a snapshot and inside a transaction.
//
// Calls block and never suspend; a view of the real store is used inside Offload only, for the
// length of one KvStore::access().

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"

namespace geode::graph {

class KvView {
public:
    using Visitor = FunctionRef<bool(BytesView key, BytesView value)>;

    virtual ~KvView() = default;
    /// The value of `key`, or nothing. Errors: the store's.
    virtual Result<std::optional<Bytes>> get(BytesView key) = 0;
    /// Calls `visit` for the keys in [from, to) in ascending order until it returns false. The
    /// views live for the call only; `visit` must not write to this view. Errors: the store's.
    virtual Result<void> for_each(BytesView from, BytesView to, Visitor visit) = 0;
};

}  // namespace geode::graph
