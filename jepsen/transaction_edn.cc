// SPDX-License-Identifier: Apache-2.0
#include "jepsen/transaction_edn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace geode::jepsen {
namespace {

using workloads::MicroFunction;
using workloads::MicroOperation;

template <class ReadText>
std::string edn_of_operations(std::span<const MicroOperation> operations, ReadText read_text) {
    std::string text = "[";
    for (const MicroOperation& operation : operations) {
        if (text.size() > 1) text += ' ';
        const std::uint64_t key = operation.key.value();
        text += operation.function == MicroFunction::append
                    ? fmt::format("[:append {} {}]", key, operation.element)
                    : fmt::format("[:r {} {}]", key, read_text(operation));
    }
    return text + "]";
}

}  // namespace

std::string edn_asked(std::span<const MicroOperation> operations) {
    return edn_of_operations(operations, [](const MicroOperation&) { return "nil"; });
}

std::string edn_answered(std::span<const MicroOperation> operations) {
    return edn_of_operations(operations, [](const MicroOperation& operation) {
        return fmt::format("[{}]", fmt::join(operation.seen, " "));
    });
}

std::string edn_of(const workloads::Transfer& transfer) {
    return fmt::format("{{:from {}, :to {}, :amount {}}}", transfer.from, transfer.to,
                       transfer.amount);
}

std::string edn_of(std::span<const std::int64_t> balances) {
    std::string text = "{";
    for (std::size_t account = 0; account < balances.size(); ++account) {
        text += fmt::format("{}{} {}", account == 0 ? "" : ", ", account, balances[account]);
    }
    return text + "}";
}

}  // namespace geode::jepsen
