// SPDX-License-Identifier: Apache-2.0
#include "workloads/record/append_history.h"

#include "workloads/check/txn/list_append.h"
#include "workloads/record/completion.h"

namespace geode::workloads {

void AppendHistory::put_together(std::span<const MicroOperation> operations, Reads reads) {
    check::ValueTable& values = builder_.values();
    std::vector<check::ValueId> elements;
    for (const MicroOperation& operation : operations) {
        const check::ValueId key = values.integer(static_cast<std::int64_t>(operation.key.value()));
        if (operation.function == MicroFunction::append) {
            builder_.append(key, values.integer(operation.element));
        } else if (reads == Reads::asked) {
            builder_.read_unknown(key, check::txn::MopKind::read_list);
        } else {
            elements.clear();
            for (const std::int64_t element : operation.seen) {
                elements.push_back(values.integer(element));
            }
            builder_.read_list(key, elements);
        }
    }
}

void AppendHistory::invoked(std::int64_t process, std::span<const MicroOperation> operations) {
    put_together(operations, Reads::asked);
    const Result<void> taken = builder_.begin(process, stopwatch_.elapsed_ns());
    GEODE_ASSERT_MSG(taken.has_value(), "a process has one transaction at a time");
    ++events_;
}

void AppendHistory::completed(std::int64_t process, Ending ending,
                              std::span<const MicroOperation> operations) {
    if (ending == Ending::ok) put_together(operations, Reads::answered);
    const Result<void> taken =
        builder_.end(process, completion_of(ending), events_++, stopwatch_.elapsed_ns());
    GEODE_ASSERT_MSG(taken.has_value(), "what completes was invoked");
}

check::Judgement judge_append_history(const check::txn::TxnHistory& history) {
    return check::txn::check_list_append(history, {.models = {"strict-serializable"}});
}

}  // namespace geode::workloads
