// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "workloads/check/txn/formats.h"

namespace geode::check::txn {
namespace {

using Json = nlohmann::json;

class EventWriter {
public:
    explicit EventWriter(const TxnHistory& history) : history_(history) {}
    std::string run();

private:
    void write_all();
    void invoke(const Transaction& transaction);
    void complete(const Transaction& transaction);
    void write(const Transaction& transaction, std::string_view type, std::int64_t time_ns,
               bool asked);
    void write_mop(const Mop& mop, bool asked);
    void write_value(ValueId id);

    const TxnHistory& history_;
    std::map<std::int64_t, std::size_t> unknown_;  // process -> its open unknown transaction
    std::string out_;
};

std::string EventWriter::run() {
    if (history_.timed) {
        write_all();
    } else {
        for (const Transaction& transaction : history_.transactions) complete(transaction);
    }
    return std::move(out_);
}

void EventWriter::write_all() {
    using Stamp = std::pair<std::uint64_t, std::size_t>;
    std::vector<Stamp> stamps;
    for (std::size_t index = 0; index < history_.transactions.size(); ++index) {
        const Transaction& transaction = history_.transactions[index];
        stamps.emplace_back(transaction.invoked, index);
        if (transaction.completed != never_completed) {
            stamps.emplace_back(transaction.completed, index);
        }
    }
    std::ranges::sort(stamps);
    for (const auto& [position, index] : stamps) {
        const Transaction& transaction = history_.transactions[index];
        if (position == transaction.completed) {
            complete(transaction);
            continue;
        }
        // Where its info stood does not matter, as long as the process is free again.
        if (const auto open = unknown_.find(transaction.process); open != unknown_.end()) {
            complete(history_.transactions[open->second]);
            unknown_.erase(open);
        }
        invoke(transaction);
        if (transaction.completed == never_completed) unknown_[transaction.process] = index;
    }
    for (const auto& [process, index] : unknown_) complete(history_.transactions[index]);
}

void EventWriter::invoke(const Transaction& transaction) {
    write(transaction, "invoke", transaction.invoked_ns, true);
}

void EventWriter::complete(const Transaction& transaction) {
    std::string_view type = "info";
    if (transaction.completion == Completion::ok) type = "ok";
    if (transaction.completion == Completion::fail) type = "fail";
    write(transaction, type, transaction.completed_ns, false);
}

void EventWriter::write(const Transaction& transaction, std::string_view type, std::int64_t time_ns,
                        bool asked) {
    out_.append("{");
    if (!asked) out_.append("\"index\":").append(std::to_string(transaction.source)).append(",");
    if (time_ns != no_time) out_.append("\"time\":").append(std::to_string(time_ns)).append(",");
    out_.append("\"process\":").append(std::to_string(transaction.process));
    out_.append(",\"type\":\"").append(type).append("\",\"f\":\"txn\",\"value\":[");
    bool first = true;
    for (const Mop& mop : history_.mops_of(transaction)) {
        if (!first) out_.append(",");
        first = false;
        write_mop(mop, asked);
    }
    out_.append("]}\n");
}

void EventWriter::write_mop(const Mop& mop, bool asked) {
    switch (mop.kind) {
        case MopKind::append: out_.append("[\"append\","); break;
        case MopKind::write: out_.append("[\"w\","); break;
        case MopKind::read_list:
        case MopKind::read: out_.append("[\"r\","); break;
    }
    write_value(mop.key);
    out_.append(",");
    const bool reads = mop.kind == MopKind::read || mop.kind == MopKind::read_list;
    if (reads && (asked || !mop.known)) {
        out_.append("null");
    } else if (mop.kind == MopKind::read_list) {
        out_.append("[");
        for (std::uint32_t index = mop.list_begin; index < mop.list_end; ++index) {
            if (index != mop.list_begin) out_.append(",");
            write_value(history_.elements[index]);
        }
        out_.append("]");
    } else {
        write_value(mop.value);
    }
    out_.append("]");
}

void EventWriter::write_value(ValueId id) {
    switch (history_.values.kind(id)) {
        case ValueKind::nil: out_.append("null"); return;
        case ValueKind::integer:
            out_.append(std::to_string(history_.values.integer_of(id)));
            return;
        case ValueKind::text:
            out_.append(Json(std::string(history_.values.text_of(id))).dump());
            return;
        case ValueKind::list: break;  // no transaction holds one
    }
    GEODE_UNREACHABLE("keys and values of transactions are nil, integers or texts");
}

}  // namespace

Result<std::string> to_json_lines(const TxnHistory& history) {
    try {
        return EventWriter(history).run();
    } catch (const Json::exception&) {
        return make_error(ErrorCode::invalid_argument,
                          "a text of the history is not UTF-8, which JSON cannot hold");
    }
}

}  // namespace geode::check::txn
