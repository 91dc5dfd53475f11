// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "workloads/check/automaton.h"
#include "workloads/check/edn.h"
#include "workloads/check/judge/model_tables.h"
#include "workloads/check/judge/object_requests.h"
#include "workloads/check/totals.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 2> object_levels = {"linearizable", "sequential"};
constexpr std::array<std::string_view, 8> register_levels = {
    "linearizable",     "bounded-staleness=DURATION", "sequential",
    "causal",           "read-your-writes",           "monotonic-reads",
    "monotonic-writes", "writes-follow-reads"};
constexpr std::array<std::string_view, 3> counter_levels = {"linearizable", "sequential", "bounds"};
constexpr std::array<std::string_view, 3> set_levels = {"linearizable", "sequential", "final-read"};

/// {:x 0, :y 1}, or one value for all registers.
Result<RegisterValues> parse_register_values(const std::string& text) {
    RegisterValues out;
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string::npos || text[begin] != '{') {
        out.others = literal_of(text);
        return out;
    }
    EdnReader reader(text, "--initial");
    EdnForm form;
    GEODE_TRY([[maybe_unused]] const bool found, reader.next(form));
    if (!form.unescaped.empty()) return reader.error_at(0, "texts without escapes");
    for (std::size_t key = 1; key < form.nodes[0].end;) {
        const std::size_t value = form.nodes[key].end;
        const EdnNode& held = form.nodes[value];
        // The values borrow from the request, which outlives the model.
        RegisterValues::Named named{.name = std::string(form.nodes[key].text), .value = {}};
        if (named.name.starts_with(':')) named.name.erase(0, 1);
        if (held.kind == EdnKind::integer) {
            named.value = {.kind = ValueKind::integer, .integer = held.integer};
        } else if (held.kind != EdnKind::nil) {
            named.value = {.kind = ValueKind::text, .text = held.text};
        }
        out.registers.push_back(std::move(named));
        key = held.end;
    }
    return out;
}

Result<void> check_no_initial(const JudgeRequest& request, std::string_view starts) {
    if (!request.initial) return {};
    return make_error(ErrorCode::invalid_argument, "the model " + std::string(request.model) +
                                                       " always starts " + std::string(starts) +
                                                       "; leave --initial out");
}

/// Knossos takes a read that answered nil for one whose answer was not recorded. In a history in
/// which no register can ever hold nil that is what it must be.
void forget_answers_of_nil(History& history) {
    const auto may_write_nil = [](const Operation& operation) {
        return operation.function != Function::read && operation.argument == nil_value;
    };
    if (std::ranges::any_of(history.operations, may_write_nil)) return;
    for (Operation& operation : history.operations) {
        if (operation.function != Function::read || operation.result != nil_value) continue;
        if (operation.completion != Completion::ok) continue;
        operation.completion = Completion::unknown;
        operation.completed = never_completed;
    }
}

Result<Judgement> judge_register(std::string_view text, std::string_view name,
                                 const JudgeRequest& request) {
    const Literal initial = request.initial ? literal_of(*request.initial) : Literal{};
    const auto model = make_register_model(initial);
    GEODE_TRY(History history, read_history(text, name, request, Pairs::keyed));
    if (initial.kind != ValueKind::nil) forget_answers_of_nil(history);
    return named(name, judge_by_level(history, *model, request));
}

Result<Judgement> judge_kv(std::string_view text, std::string_view name,
                           const JudgeRequest& request) {
    GEODE_TRY_VOID(check_no_initial(request, "with empty texts"));
    return judge_object(*make_kv_model(), text, name, request, Pairs::keyed);
}

/// The models that start empty, or free, and have no keys in pairs.
template <std::unique_ptr<Model> (*make)()>
Result<Judgement> judge_collection(std::string_view text, std::string_view name,
                                   const JudgeRequest& request) {
    GEODE_TRY_VOID(check_no_initial(request, "empty"));
    return judge_object(*make(), text, name, request, Pairs::plain);
}

Result<Judgement> judge_counter(std::string_view text, std::string_view name,
                                const JudgeRequest& request) {
    const Literal initial = literal_of(request.initial.value_or("0"));
    if (initial.kind != ValueKind::integer) {
        return make_error(ErrorCode::invalid_argument,
                          "a counter starts with an integer, not \"" + *request.initial + "\"");
    }
    if (request.consistency == "bounds") {
        GEODE_TRY(const History history, read_history(text, name, request, Pairs::plain));
        return named(name, check_counter_bounds(history, initial.integer));
    }
    return judge_object(*make_counter_model(initial.integer), text, name, request, Pairs::plain);
}

Result<Judgement> judge_set(std::string_view text, std::string_view name,
                            const JudgeRequest& request) {
    GEODE_TRY_VOID(check_no_initial(request, "empty"));
    if (request.consistency == "final-read") {
        GEODE_TRY(const History history, read_history(text, name, request, Pairs::plain));
        return named(name, check_final_set(history));
    }
    return judge_object(*make_set_model(), text, name, request, Pairs::plain);
}

Result<Judgement> judge_multi_register(std::string_view text, std::string_view name,
                                       const JudgeRequest& request) {
    RegisterValues initial;
    if (request.initial) {
        GEODE_TRY(initial, parse_register_values(*request.initial));
    }
    return judge_object(*make_multi_register_model(std::move(initial)), text, name, request,
                        Pairs::plain);
}

Result<Judgement> judge_file(std::string_view text, std::string_view name,
                             const JudgeRequest& request) {
    GEODE_TRY_VOID(check_no_initial(request, "in the state that its file names"));
    if (request.definition.empty()) {
        return make_error(
            ErrorCode::invalid_argument,
            "the model file needs its text: --model-file FILE (docs/formats/model.md)");
    }
    GEODE_TRY(const std::unique_ptr<Model> model, parse_automaton(request.definition, "model"));
    return judge_object(*model, text, name, request, Pairs::plain);
}

}  // namespace

std::span<const ModelSpec> object_models() {
    static constexpr std::array<ModelSpec, 11> models = {{
        {"register", "read, write, cas; one register per key", register_levels, object_formats,
         judge_register},
        {"kv", "get, put, append of texts; one text per key", object_levels, object_formats,
         judge_kv},
        {"mutex", "acquire, release; one mutex per key, free at first", object_levels,
         object_formats, judge_collection<make_mutex_model>},
        {"multi-register", "txn of [read k nil] and [write k v] on several registers at once",
         object_levels, object_formats, judge_multi_register},
        {"counter", "add, subtract (increment, decrement) and read", counter_levels, object_formats,
         judge_counter},
        {"set", "add, remove, contains, read of the whole", set_levels, object_formats, judge_set},
        {"list", "append, read of the whole", object_levels, object_formats,
         judge_collection<make_list_model>},
        {"queue", "enqueue, dequeue, drain; first in, first out", object_levels, object_formats,
         judge_collection<make_queue_model>},
        {"stack", "push, pop; last in, first out", object_levels, object_formats,
         judge_collection<make_stack_model>},
        {"priority-queue", "insert, extract-min; smallest out first", object_levels, object_formats,
         judge_collection<make_priority_queue_model>},
        {"file", "a model of your own, as a table of states and operations", object_levels,
         object_formats, judge_file},
    }};
    return models;
}

}  // namespace geode::check
