// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/event_order.h"
#include "workloads/check/event_text.h"
#include "workloads/check/formats.h"

namespace geode::check {
namespace {

class LogWriter {
public:
    explicit LogWriter(const History& history) : history_(history) {}

    Result<std::string> run() && {
        for (const OrderedEvent& event : EventOrder(history_.operations, Crashed::retires).run()) {
            const Operation& operation = history_.operations[event.operation];
            if (operation.completion == Completion::fail) continue;
            GEODE_TRY_VOID(write(event, operation));
        }
        return std::move(out_);
    }

private:
    Error cannot(std::string_view what, const Operation& operation) const {
        return make_error(ErrorCode::invalid_argument,
                          "a Jepsen log cannot say " + std::string(what) + ", as in (" +
                              describe(operation, history_.values) + ")");
    }

    Result<void> write(const OrderedEvent& event, const Operation& operation) {
        const bool known = operation.function == Function::read ||
                           operation.function == Function::write ||
                           operation.function == Function::cas;
        if (!known) return cannot("any function but read, write and cas", operation);
        if (operation.key != nil_value) return cannot("a key", operation);
        std::string_view type = "invoke";
        if (event.completion) {
            type = operation.completion == Completion::ok        ? "ok"
                   : operation.completion == Completion::refused ? "fail"
                                                                 : "info";
        }
        out_.append("INFO  jepsen.util - ").append(std::to_string(event.process));
        out_.append("\t:").append(type).append("\t:").append(to_string(operation.function));
        out_.append("\t");
        if (event.completion && operation.completion == Completion::unknown) {
            out_.append(":timed-out");
        } else if (operation.function == Function::cas) {
            out_.append("[");
            GEODE_TRY_VOID(write_value(operation.expected, operation));
            out_.append(" ");
            GEODE_TRY_VOID(write_value(operation.argument, operation));
            out_.append("]");
        } else {
            const bool answer = event.completion && operation.function == Function::read;
            GEODE_TRY_VOID(write_value(answer ? operation.result : operation.argument, operation));
        }
        out_.append("\n");
        return {};
    }

    Result<void> write_value(ValueId id, const Operation& operation) {
        const ValueTable& values = history_.values;
        const bool keyword = values.kind(id) == ValueKind::text && is_keyword(values.text_of(id)) &&
                             values.text_of(id) != ":timed-out";
        if (id == nil_value) {
            out_.append("nil");
        } else if (values.kind(id) == ValueKind::integer) {
            out_.append(std::to_string(values.integer_of(id)));
        } else if (keyword) {
            out_.append(values.text_of(id));
        } else {
            return cannot("such a value", operation);
        }
        return {};
    }

    const History& history_;
    std::string out_;
};

}  // namespace

Result<std::string> to_jepsen_log(const History& history) {
    return LogWriter(history).run();
}

}  // namespace geode::check
