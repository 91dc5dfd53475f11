// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values of Jepsen's independent tests where an element is never a list: [key element] is asked
// for, [key [element ...]] is read. Without a key the element or the list stands alone, and the key
// is the operation's own.

#include <optional>
#include <span>

#include "workloads/check/history.h"

namespace geode::check {

struct KeyedElement {
    ValueId key;
    ValueId element;
};

struct KeyedList {
    ValueId key;
    std::span<const ValueId> elements;  ///< valid until the next value is interned
};

/// What `operation` asks to write or add.
inline KeyedElement keyed_argument(const Operation& operation, const ValueTable& values) {
    if (values.kind(operation.argument) == ValueKind::list) {
        const auto pair = values.list_of(operation.argument);
        if (pair.size() == 2) return {pair[0], pair[1]};
    }
    return {operation.key, operation.argument};
}

/// What `operation` has read; nothing if that is no list.
inline std::optional<KeyedList> keyed_result(const Operation& operation, const ValueTable& values) {
    if (values.kind(operation.result) != ValueKind::list) return std::nullopt;
    const auto list = values.list_of(operation.result);
    if (list.size() == 2 && values.kind(list[1]) == ValueKind::list) {
        return KeyedList{list[0], values.list_of(list[1])};
    }
    return KeyedList{operation.key, list};
}

}  // namespace geode::check
