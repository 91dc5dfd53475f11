// SPDX-License-Identifier: Apache-2.0
#pragma once

// How one recorded event of a transaction, already split into nodes, reaches a builder. The readers
// of EDN and JSON share it: a JSON object is handed in as the EDN map it stands for. Internal to
// formats.cc and the readers.

#include <string_view>

#include "workloads/check/edn.h"
#include "workloads/check/txn/formats.h"

namespace geode::check::txn {

class EventReader {
public:
    explicit EventReader(TxnObjects objects) : objects_(objects) {}

    /// Takes the event in form.nodes[0]. invalid_argument, as "expected ..." without a place, if it
    /// is not one or contradicts what came before.
    Result<void> take(const EdnForm& form);

    TxnHistory finish() && { return std::move(builder_).finish(); }

private:
    /// What a map has to say, found in one pass over its members.
    struct Members {
        const EdnNode* process = nullptr;
        const EdnNode* type = nullptr;
        const EdnNode* value = nullptr;
        const EdnNode* time = nullptr;
        const EdnNode* index = nullptr;
    };
    Result<void> take_mops(const EdnForm& form, const EdnNode& value, bool answered);
    Result<void> take_mop(const EdnForm& form, const EdnNode& mop, bool answered);
    Result<void> take_read(const EdnForm& form, ValueId key, const EdnNode* value, bool answered);
    Result<ValueId> value_of(const EdnNode& node);
    static Members members_of(const EdnForm& form);

    TxnObjects objects_;
    TxnHistoryBuilder builder_;
    std::vector<ValueId> elements_;
    std::uint64_t events_ = 0;
};

}  // namespace geode::check::txn
