// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the totals share: refusing histories that are not theirs. Internal to totals.cc and the
// files beside it.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workloads/check/history.h"

namespace geode::check {

/// invalid_argument: "expected ..., not" the operation in words.
inline Error objection(const History& history, const Operation& operation,
                       std::string_view wanted) {
    return make_error(ErrorCode::invalid_argument, "expected " + std::string(wanted) + ", not " +
                                                       describe(operation, history.values));
}

inline bool is_ok_read(const Operation& operation) {
    return operation.function == Function::read && operation.completion == Completion::ok;
}

/// invalid_argument for an operation whose function is none of `known`.
inline Result<void> check_functions(const History& history, std::initializer_list<Function> known) {
    for (const Operation& operation : history.operations) {
        if (std::ranges::find(known, operation.function) != known.end()) continue;
        std::string wanted;
        for (const Function function : known) {
            wanted.append(wanted.empty() ? "" : " or ").append(to_string(function));
        }
        return objection(history, operation, wanted);
    }
    return {};
}

}  // namespace geode::check
