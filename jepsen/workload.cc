// SPDX-License-Identifier: Apache-2.0
#include "jepsen/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "jepsen/graph_edn.h"
#include "jepsen/transaction_workloads.h"
#include "workloads/check/formats.h"
#include "workloads/graph.h"
#include "workloads/record/register_history.h"

namespace geode::jepsen {
namespace {

using workloads::Ending;

Judgement judge_registers(const check::History& history) {
    std::set<check::ValueId> keys;
    for (const check::Operation& operation : history.operations) keys.insert(operation.key);
    Judgement judgement;
    judgement.checked =
        fmt::format("{} operations on {} registers", history.operations.size(), keys.size());
    const auto checked = check::check_linearizability(history, *check::make_register_model());
    GEODE_ASSERT_MSG(checked.has_value(), "the model knows all that the workload does");
    judgement.verdict = checked->verdict;
    if (checked->verdict == check::Verdict::invalid) {
        judgement.explanation = "not linearizable: " + checked->explanation;
    } else if (checked->verdict == check::Verdict::unknown) {
        judgement.explanation = "undecided: " + checked->explanation;
    }
    return judgement;
}

Judgement judge_graph(const workloads::GraphLog& log,
                      const std::optional<workloads::FinalGraph>& graph) {
    Judgement judgement;
    if (!graph) {
        judgement.verdict = check::Verdict::unknown;
        judgement.explanation = "undecided: there is no final graph";
        return judgement;
    }
    judgement.checked =
        fmt::format("{} writes against {} vertices and {} edges", log.writes().size(),
                    graph->vertices.size(), graph->out_edges.size());
    if (auto wrong = workloads::judge_final_graph(log.writes(), *graph)) {
        judgement.verdict = check::Verdict::invalid;
        judgement.explanation = *std::move(wrong);
    }
    return judgement;
}

/// Fills the history and the log alike.
class RegisterRecord final : public workloads::RegisterHistory {
public:
    RegisterRecord(Clock& clock, OperationLog& log) : RegisterHistory(clock), log_(log) {}

    void invoked(const workloads::RegisterCall& call) override {
        RegisterHistory::invoked(call);
        const std::uint64_t key = call.key.value();
        keys_[call.process] = key;
        const std::string expected = call.expected ? std::to_string(*call.expected) : "nil";
        switch (call.function) {
            case workloads::RegisterFunction::read:
                return log_.invoke(call.process, "read", fmt::format("[{} nil]", key));
            case workloads::RegisterFunction::write:
                return log_.invoke(call.process, "write",
                                   fmt::format("[{} {}]", key, call.argument));
            case workloads::RegisterFunction::cas:
                return log_.invoke(call.process, "cas",
                                   fmt::format("[{} [{} {}]]", key, expected, call.argument));
        }
    }
    void completed(std::int64_t process, Ending ending, std::optional<std::int64_t> seen) override {
        RegisterHistory::completed(process, ending, seen);
        std::optional<std::string> value;
        if (seen) value = fmt::format("[{} {}]", keys_[process], *seen);
        log_.complete(process, ending, std::move(value));
    }

private:
    OperationLog& log_;
    std::map<std::int64_t, std::uint64_t> keys_;  ///< of the running operation, by process
};

class RegisterWorkload final : public Workload {
public:
    RegisterWorkload(const WorkloadOptions& options, Clock& clock, OperationLog& log)
        : options_(options), clock_(clock), begun_(clock.now()), record_(clock, log) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::RegisterOptions options;
        options.client = number - 1;
        options.clients = options_.clients + 1;
        options.keys = options_.register_keys;
        options.key_life = options_.register_life;
        options.begun = begun_;
        options.pace = options_.pace;
        workloads::run_register_client(world, client, options, control, next_value_, record_,
                                       progress);
    }

    Result<void> read_back(World&, node::Client& client, MonoTime deadline) override {
        const Duration used = clock_.now() - begun_;
        const auto generations = static_cast<std::uint32_t>(used / options_.register_life) + 1;
        return workloads::read_back_registers(client, VertexId(1),
                                              options_.register_keys * generations,
                                              options_.clients, record_, deadline);
    }

    void take_graph(const workloads::FinalGraph&) override {}
    Judgement judge() override { return judge_registers(record_.finish()); }

private:
    WorkloadOptions options_;
    Clock& clock_;
    MonoTime begun_;
    std::int64_t next_value_ = 1;
    RegisterRecord record_;
};

class GraphRecord final : public workloads::GraphLog {
public:
    explicit GraphRecord(OperationLog& log) : log_(log) {}

    void invoked(std::int64_t process, const graph::Command& command) override {
        GraphLog::invoked(process, command);
        FunctionAndValue event = edn_of(command);
        log_.invoke(process, std::move(event.function), std::move(event.value));
    }
    void completed(std::int64_t process, Ending ending) override {
        GraphLog::completed(process, ending);
        log_.complete(process, ending);
    }

private:
    OperationLog& log_;
};

class GraphWorkload final : public Workload {
public:
    GraphWorkload(const WorkloadOptions& options, OperationLog& log)
        : options_(options), log_(log), record_(log) {}

    void run_client(World& world, node::Client& client, std::uint32_t number,
                    const workloads::Control& control, workloads::Progress& progress) override {
        workloads::GraphOptions options;
        options.client = number - 1;
        options.clients = options_.clients + 1;
        options.vertices = options_.graph_vertices;
        options.pace = options_.pace;
        workloads::run_graph_client(world, client, options, control, next_stamp_, record_,
                                    progress);
    }

    Result<void> read_back(World&, node::Client&, MonoTime) override { return {}; }

    void take_graph(const workloads::FinalGraph& graph) override {
        log_.invoke(options_.clients, "scan", "nil");
        log_.complete(options_.clients, Ending::ok, edn_of(graph));
        graph_ = graph;
    }

    Judgement judge() override { return judge_graph(record_, graph_); }

private:
    WorkloadOptions options_;
    std::int64_t next_stamp_ = 1;
    OperationLog& log_;
    GraphRecord record_;
    std::optional<workloads::FinalGraph> graph_;
};

std::unique_ptr<Workload> make_register_workload(const WorkloadOptions& options, Clock& clock,
                                                 OperationLog& log) {
    GEODE_ASSERT(options.register_life > Duration(0));
    return std::make_unique<RegisterWorkload>(options, clock, log);
}

std::unique_ptr<Workload> make_graph_workload(const WorkloadOptions& options, Clock&,
                                              OperationLog& log) {
    return std::make_unique<GraphWorkload>(options, log);
}

Result<Judgement> judge_register_text(std::string_view text, std::string_view name) {
    GEODE_TRY(const check::History history, check::parse_history(text, name, check::Format::edn));
    return judge_registers(history);
}

Result<Judgement> judge_graph_text(std::string_view text, std::string_view name) {
    GEODE_TRY(const GraphHistory history, parse_graph_history(text, name));
    return judge_graph(history.log, history.final_graph);
}

struct WorkloadSpec {
    std::string_view name;
    std::unique_ptr<Workload> (*make)(const WorkloadOptions&, Clock&, OperationLog&);
    Result<Judgement> (*judge_text)(std::string_view text, std::string_view name);
};

constexpr std::array<WorkloadSpec, 4> specs = {{
    {"register", make_register_workload, judge_register_text},
    {"graph", make_graph_workload, judge_graph_text},
    {"append", make_append_workload, judge_append_text},
    {"bank", make_bank_workload, judge_bank_text},
}};

const WorkloadSpec* find_workload(std::string_view name) {
    const auto* const found = std::ranges::find(specs, name, &WorkloadSpec::name);
    return found == specs.end() ? nullptr : found;
}

}  // namespace

std::vector<std::string_view> workload_names() {
    std::vector<std::string_view> names;
    for (const WorkloadSpec& spec : specs) names.push_back(spec.name);
    return names;
}

std::unique_ptr<Workload> make_workload(std::string_view name, const WorkloadOptions& options,
                                        Clock& clock, OperationLog& log) {
    const WorkloadSpec* const spec = find_workload(name);
    return spec == nullptr ? nullptr : spec->make(options, clock, log);
}

Result<Judgement> judge_history(std::string_view workload, std::string_view text,
                                std::string_view name) {
    const WorkloadSpec* const spec = find_workload(workload);
    if (spec == nullptr) {
        return make_error(ErrorCode::invalid_argument, "unknown workload " + std::string(workload));
    }
    return spec->judge_text(text, name);
}

}  // namespace geode::jepsen
