// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/totals.h"

#include "workloads/check/edn.h"
#include "workloads/check/judge/model_tables.h"
#include "workloads/check/judge/object_requests.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 2> bank_levels = {"nonnegative", "total"};
constexpr std::array<std::string_view, 2> full_set_levels = {"eventual", "fresh"};
constexpr std::array<std::string_view, 1> fork_levels = {"parallel-snapshot-isolation"};
constexpr std::array<std::string_view, 1> comment_levels = {"strict-serializable"};
constexpr std::array<std::string_view, 1> id_levels = {"unique-ids"};
constexpr std::array<std::string_view, 2> monotonic_levels = {"process", "realtime"};
constexpr std::array<std::string_view, 1> sequence_levels = {"sequential"};

/// What a bank starts with: a total, or {account balance, ...}.
Result<void> parse_bank(const std::string& initial, BankOptions& options) {
    const Error bad = make_error(ErrorCode::invalid_argument,
                                 "a bank starts with a total, as 100, or with the balances of its "
                                 "accounts, as {0 10, 1 90}, not \"" +
                                     initial + "\"");
    const Literal total = literal_of(initial);
    if (total.kind == ValueKind::integer) {
        options.total = total.integer;
        return {};
    }
    EdnReader reader(initial, "--initial");
    EdnForm form;
    const auto found = reader.next(form);
    if (!found || !*found || form.nodes[0].kind != EdnKind::map) return bad;
    std::int64_t sum = 0;
    ValueTable names;
    for (std::size_t key = 1; key < form.nodes[0].end;) {
        const EdnNode& account = form.nodes[key];
        const EdnNode& balance = form.nodes[account.end];
        const bool integer = balance.kind == EdnKind::integer;
        if (!integer || __builtin_add_overflow(sum, balance.integer, &sum)) return bad;
        const bool number = account.kind == EdnKind::integer;
        options.accounts.push_back(
            names.describe(number ? names.integer(account.integer) : names.text(account.text)));
        key = balance.end;
    }
    options.total = sum;
    return {};
}

Result<Judgement> judge_bank(History& history, const JudgeRequest& request) {
    BankOptions options{.negative_allowed = request.consistency == "total"};
    if (request.initial) GEODE_TRY_VOID(parse_bank(*request.initial, options));
    return check_bank(history, options);
}

Result<Judgement> full_set(History& history, const JudgeRequest& request) {
    const bool fresh = request.consistency == "fresh";
    return check_full_set(history, fresh ? Staleness::anomaly : Staleness::allowed);
}
Result<Judgement> long_fork(History& history, const JudgeRequest& /*request*/) {
    return check_long_fork(history);
}
Result<Judgement> comments(History& history, const JudgeRequest& /*request*/) {
    return check_comments(history);
}
Result<Judgement> unique_ids(History& history, const JudgeRequest& /*request*/) {
    return check_unique_ids(history);
}
Result<Judgement> monotonic(History& history, const JudgeRequest& request) {
    const bool process = request.consistency == "process";
    return check_monotonic(history, process ? MonotonicScope::process : MonotonicScope::real_time);
}
Result<Judgement> sequence(History& history, const JudgeRequest& /*request*/) {
    return check_sequence(history);
}

}  // namespace

std::span<const ModelSpec> total_models() {
    using enum HistoryKind;
    static constexpr std::string_view nothing = "has no initial value";
    static constexpr std::array<ModelSpec, 7> models = {{
        {"bank", "reads of all balances, transfers; the total never changes", balances, bank_levels,
         judge_bank},
        {"set-full", "add, read of the whole; each element from when it is known", objects,
         full_set_levels, full_set, nothing},
        {"long-fork", "reads and writes of several registers, each written once", objects,
         fork_levels, long_fork, nothing},
        {"comments", "writes of ids, reads of all; what was written before is seen before", objects,
         comment_levels, comments, nothing},
        {"unique-ids", "generate; no id twice", objects, id_levels, unique_ids, nothing},
        {"monotonic", "reads of a value that never goes back", objects, monotonic_levels, monotonic,
         nothing},
        {"sequence", "reads of keys written in turn, the last one first", objects, sequence_levels,
         sequence, nothing},
    }};
    return models;
}

}  // namespace geode::check
