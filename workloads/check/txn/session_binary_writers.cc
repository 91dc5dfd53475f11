// SPDX-License-Identifier: Apache-2.0

// Writers of the notations that are bytes: polysi, cobra.

#include <algorithm>

#include "workloads/check/txn/session_spelling.h"

namespace geode::check::txn {
namespace {

enum class Order : std::uint8_t { little, big };

void append_integer(std::string& out, std::int64_t value, Order order) {
    for (std::uint32_t byte = 0; byte < 8; ++byte) {
        const std::uint32_t shift = 8 * (order == Order::little ? byte : 7 - byte);
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xffU));
    }
}

/// Versions are named by transaction and number, which two writers of one value cannot share.
class CobraWriter {
public:
    CobraWriter(const SessionPlan& plan, const SessionSpelling& spelling)
        : plan_(plan), spelling_(spelling) {}

    Result<std::vector<WrittenFile>> run() && {
        GEODE_TRY_VOID(number_writes());
        std::vector<WrittenFile> files;
        std::int64_t id = 0;
        for (const auto& session : plan_.sessions) {
            WrittenFile file{.name = "T" + std::to_string(files.size()) + ".log", .bytes = {}};
            for (const PlannedTransaction& transaction : session) {
                append(file.bytes, 'S', {++id});
                for (const PlannedOperation& operation : transaction.operations) {
                    append_operation(file.bytes, operation);
                }
                append(file.bytes, 'C', {id});
            }
            files.push_back(std::move(file));
        }
        // A folder without a log is no history.
        if (files.empty()) files.push_back({.name = "T0.log", .bytes = {}});
        return files;
    }

private:
    struct Writer {
        std::int64_t transaction = 0;
        std::int64_t number = 0;
    };

    Result<void> number_writes() {
        std::int64_t id = 0;
        for (const auto& session : plan_.sessions) {
            for (const PlannedTransaction& transaction : session) {
                ++id;
                for (const PlannedOperation& operation : transaction.operations) {
                    if (!operation.writes) continue;
                    const auto [found, added] = writers_.try_emplace(
                        std::pair(operation.key, operation.value),
                        Writer{id, static_cast<std::int64_t>(writers_.size()) + 1});
                    if (added || found->second.transaction == id) continue;
                    return make_error(ErrorCode::invalid_argument,
                                      "expected every value to be written to a key once");
                }
            }
        }
        return {};
    }

    static void append(std::string& out, char tag, std::initializer_list<std::int64_t> numbers) {
        out.push_back(tag);
        for (const std::int64_t number : numbers) append_integer(out, number, Order::big);
    }

    void append_operation(std::string& out, const PlannedOperation& operation) const {
        const std::int64_t key = spelling_.key(operation.key);
        const std::int64_t value = spelling_.value(operation.value);
        if (operation.value == nil_value) {
            append(out, 'R', {cobra_initial, cobra_initial, key, value});
            return;
        }
        // What nobody wrote was read from transaction 0, which there is not.
        const auto found = writers_.find(std::pair(operation.key, operation.value));
        const Writer writer = found == writers_.end() ? Writer{0, value} : found->second;
        if (operation.writes) {
            append(out, 'W', {writer.number, key, value});
        } else {
            append(out, 'R', {writer.transaction, writer.number, key, value});
        }
    }

    const SessionPlan& plan_;
    const SessionSpelling& spelling_;
    std::map<std::pair<ValueId, ValueId>, Writer> writers_;
};

}  // namespace

std::string to_polysi(const SessionPlan& plan, const SessionSpelling& spelling) {
    std::string out;
    const auto number = [&out](std::size_t value) {
        append_integer(out, static_cast<std::int64_t>(value), Order::little);
    };
    std::size_t transactions = 0;
    std::size_t events = 0;
    for (const auto& session : plan.sessions) {
        transactions = std::max(transactions, session.size());
        for (const auto& one : session) events = std::max(events, one.operations.size());
    }
    for (const std::size_t parameter :
         {std::size_t{0}, plan.sessions.size(), spelling.key_count(), transactions, events}) {
        number(parameter);
    }
    for (const std::string_view text : {"geode", "", ""}) {
        number(text.size());
        out.append(text);
    }
    number(plan.sessions.size());
    for (const auto& session : plan.sessions) {
        number(session.size());
        for (const PlannedTransaction& transaction : session) {
            number(transaction.operations.size());
            for (const PlannedOperation& operation : transaction.operations) {
                out.push_back(operation.writes ? '\1' : '\0');
                append_integer(out, spelling.key(operation.key), Order::little);
                append_integer(out, spelling.value(operation.value), Order::little);
                out.push_back('\1');
            }
            out.push_back(transaction.committed ? '\1' : '\0');
        }
    }
    return out;
}

Result<std::vector<WrittenFile>> to_cobra(const SessionPlan& plan,
                                          const SessionSpelling& spelling) {
    return CobraWriter(plan, spelling).run();
}

}  // namespace geode::check::txn
