// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/event_order.h"
#include "workloads/check/event_text.h"
#include "workloads/check/txn/formats.h"

namespace geode::check::txn {
namespace {

class EventWriter {
public:
    EventWriter(const TxnHistory& history, Notation notation)
        : history_(history), text_(notation, history.values) {}

    Result<std::string> run() && {
        const bool json = text_.notation() == Notation::json;
        if (history_.timed) {
            const Crashed crashed = json ? Crashed::goes_on : Crashed::retires;
            for (const OrderedEvent& event : EventOrder(history_.transactions, crashed).run()) {
                write(event, history_.transactions[event.operation]);
            }
        } else {
            // Only ends were recorded: beginnings would tell a real time that nobody knows.
            std::uint32_t index = 0;
            for (const Transaction& transaction : history_.transactions) {
                write({index++, true, transaction.process}, transaction);
            }
        }
        return std::move(text_).take();
    }

private:
    void write(const OrderedEvent& event, const Transaction& transaction);
    void write_index(const OrderedEvent& event, const Transaction& transaction);
    void write_mop(const Mop& mop, bool asked);

    const TxnHistory& history_;
    EventText text_;
    std::int64_t index_ = 0;
};

std::string_view type_of(const Transaction& transaction, bool completion) {
    if (!completion) return "invoke";
    if (transaction.completion == Completion::ok) return "ok";
    return transaction.completion == Completion::fail ? "fail" : "info";
}

/// JSON keeps what the recording called the event; Jepsen wants every event numbered in turn.
void EventWriter::write_index(const OrderedEvent& event, const Transaction& transaction) {
    if (text_.notation() == Notation::edn) {
        text_.member("index");
        text_.integer(index_++);
    } else if (event.completion) {
        text_.member("index");
        text_.integer(static_cast<std::int64_t>(transaction.source));
    }
}

void EventWriter::write(const OrderedEvent& event, const Transaction& transaction) {
    const std::int64_t time = event.completion ? transaction.completed_ns : transaction.invoked_ns;
    text_.open_event();
    write_index(event, transaction);
    if (time != no_time) {
        text_.member("time");
        text_.integer(time);
    }
    text_.member("process");
    text_.integer(event.process);
    text_.member("type");
    text_.word(type_of(transaction, event.completion));
    text_.member("f");
    text_.word("txn");
    text_.member("value");
    text_.open_list();
    for (const Mop& mop : history_.mops_of(transaction)) write_mop(mop, !event.completion);
    text_.close_list();
    text_.close_event();
}

void EventWriter::write_mop(const Mop& mop, bool asked) {
    const bool reads = mop.kind == MopKind::read || mop.kind == MopKind::read_list;
    text_.open_list();
    text_.word(reads ? "r" : mop.kind == MopKind::append ? "append" : "w");
    text_.value(mop.key);
    if (reads && (asked || !mop.known)) {
        text_.nil();
    } else if (mop.kind == MopKind::read_list) {
        text_.open_list();
        for (const ValueId element : history_.list_of(mop)) text_.value(element);
        text_.close_list();
    } else {
        text_.value(mop.value);
    }
    text_.close_list();
}

}  // namespace

Result<std::string> write_events(const TxnHistory& history, Notation notation) {
    return EventWriter(history, notation).run();
}

Result<std::string> to_json_lines(const TxnHistory& history) {
    return write_events(history, Notation::json);
}

}  // namespace geode::check::txn
