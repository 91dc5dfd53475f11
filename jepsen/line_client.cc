// SPDX-License-Identifier: Apache-2.0
#include "jepsen/line_client.h"

#include <fmt/format.h>

#include <charconv>
#include <iostream>

#include "graph/limits.h"
#include "jepsen/graph_edn.h"
#include "jepsen/transaction_edn.h"
#include "node/client/client.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "workloads/client_loop.h"

namespace geode::jepsen {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

/// Reads a request's words one after another; any mistake sets `failed`.
class WordReader {
public:
    explicit WordReader(std::vector<std::string_view> words) : words_(std::move(words)) {}

    std::string_view word() {
        if (at_ < words_.size()) return words_[at_++];
        failed_ = true;
        return {};
    }
    template <class Integer>
    Integer number() {
        const std::string_view text = word();
        Integer value{};
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        if (read.ec != std::errc() || read.ptr != text.data() + text.size()) failed_ = true;
        return value;
    }
    VertexId id() { return VertexId(number<std::uint64_t>()); }
    graph::EdgeKey edge() {
        graph::EdgeKey key;
        key.from = id();
        key.type = word();
        key.to = id();
        key.rank = number<std::uint64_t>();
        return key;
    }
    /// Null for the word nil.
    graph::Value value_or_nil() {
        if (at_ < words_.size() && words_[at_] == "nil") {
            ++at_;
            return {};
        }
        return graph::Value(number<std::int64_t>());
    }
    void expect(bool condition) { failed_ = failed_ || !condition; }
    bool more() const { return !failed_ && at_ < words_.size(); }
    bool done() const { return !failed_ && at_ == words_.size(); }

private:
    std::vector<std::string_view> words_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

constexpr std::string_view register_property = "value";

graph::Properties property(std::string_view name, std::int64_t value) {
    graph::Properties properties;
    properties.emplace(std::string(name), graph::Value(value));
    return properties;
}

LineRequest write_request(WordReader& reader) {
    graph::Vertex vertex;
    vertex.id = reader.id();
    vertex.properties = property(register_property, reader.number<std::int64_t>());
    return graph::Command(graph::PutVertex{std::move(vertex)});
}

LineRequest cas_request(WordReader& reader) {
    graph::CompareAndSet command;
    command.vertex = reader.id();
    command.property = register_property;
    command.expected = reader.value_or_nil();
    command.desired = graph::Value(reader.number<std::int64_t>());
    command.create = true;
    return graph::Command(std::move(command));
}

LineRequest put_vertex_request(WordReader& reader) {
    graph::Vertex vertex;
    vertex.id = reader.id();
    vertex.labels = {"Item"};
    vertex.properties = property(workloads::stamp_property, reader.number<std::int64_t>());
    return graph::Command(graph::PutVertex{std::move(vertex)});
}

LineRequest delete_vertex_request(WordReader& reader) {
    graph::DeleteVertex removal;
    removal.id = reader.id();
    const std::string_view how = reader.word();
    reader.expect(how == "detach" || how == "keep");
    removal.detach = how == "detach";
    return graph::Command(removal);
}

LineRequest put_edge_request(WordReader& reader) {
    graph::Edge edge;
    edge.key = reader.edge();
    edge.properties = property(workloads::stamp_property, reader.number<std::int64_t>());
    return graph::Command(graph::PutEdge{std::move(edge)});
}

LineRequest delete_edge_request(WordReader& reader) {
    return graph::Command(graph::DeleteEdge{reader.edge()});
}

LineRequest read_request(WordReader& reader) {
    return ReadRequest{reader.id()};
}

LineRequest scan_request(WordReader&) {
    return ScanRequest{};
}

LineRequest transaction_request(WordReader& reader) {
    TransactionRequest request;
    do {
        workloads::MicroOperation operation;
        const std::string_view function = reader.word();
        reader.expect(function == "append" || function == "r");
        operation.key = reader.id();
        if (function == "append") {
            operation.function = workloads::MicroFunction::append;
            operation.element = reader.number<std::int64_t>();
        }
        request.operations.push_back(std::move(operation));
    } while (reader.more());
    return request;
}

LineRequest transfer_request(WordReader& reader) {
    workloads::Transfer transfer;
    transfer.from = reader.number<std::uint32_t>();
    transfer.to = reader.number<std::uint32_t>();
    transfer.amount = reader.number<std::int64_t>();
    reader.expect(transfer.from != transfer.to && transfer.amount > 0);
    return transfer;
}

LineRequest balances_request(WordReader& reader) {
    const auto accounts = reader.number<std::uint32_t>();
    reader.expect(accounts >= 1 && accounts <= graph::batch_commands_max);
    return BalancesRequest{accounts};
}

struct RequestKind {
    std::string_view name;
    LineRequest (*read)(WordReader& reader);
    std::string_view usage;
};
constexpr RequestKind kinds[] = {
    {"read", read_request, "read KEY"},
    {"scan", scan_request, "scan"},
    {"write", write_request, "write KEY VALUE"},
    {"cas", cas_request, "cas KEY OLD NEW"},
    {"put-vertex", put_vertex_request, "put-vertex ID STAMP"},
    {"delete-vertex", delete_vertex_request, "delete-vertex ID detach|keep"},
    {"put-edge", put_edge_request, "put-edge FROM TYPE TO RANK STAMP"},
    {"delete-edge", delete_edge_request, "delete-edge FROM TYPE TO RANK"},
    {"txn", transaction_request, "txn MICRO..., each of them append KEY VALUE or r KEY"},
    {"transfer", transfer_request, "transfer FROM TO AMOUNT, two accounts and an amount above 0"},
    {"balances", balances_request, "balances ACCOUNTS, how many there are"},
};

Error expected(std::string_view what) {
    return make_error(ErrorCode::invalid_argument, "expected " + std::string(what));
}

/// Answers requests of one user; suspends.
class Server {
public:
    Server(World& world, const std::vector<Address>& endpoints, Duration deadline)
        : world_(world),
          endpoints_(endpoints),
          deadline_(deadline),
          client_(world, options()),
          store_(world, client_, deadline) {}

    std::string answer(const ReadRequest& read) {
        const auto vertex = client_.get_vertex(read.key, world_.deadline_in(deadline_));
        if (!vertex) return fmt::format("fail {}", to_string(vertex.code()));
        if (!*vertex) return "ok nil";
        const auto found = (*vertex)->properties.find(register_property);
        if (found == (*vertex)->properties.end()) return "ok nil";
        if (found->second.kind() != graph::ValueKind::int64) return "error not an integer";
        return fmt::format("ok {}", found->second.int64());
    }
    std::string answer(const graph::Command& command) {
        return line_answer(client_.write(command, world_.deadline_in(deadline_)));
    }
    std::string answer(const ScanRequest&) {
        const auto graph = scan();
        if (!graph) return fmt::format("fail {}", to_string(graph.code()));
        return "ok " + edn_of(*graph);
    }
    std::string answer(TransactionRequest& request) {
        const auto outcome = workloads::perform(store_, request.operations);
        if (!outcome || !outcome->is_ok()) return line_answer(outcome);
        return "ok " + edn_answered(request.operations);
    }
    std::string answer(const workloads::Transfer& transfer) {
        return line_answer(workloads::perform(store_, transfer));
    }
    std::string answer(const BalancesRequest& request) {
        std::vector<std::int64_t> balances;
        const auto outcome = workloads::read_balances(store_, request.accounts, balances);
        if (!outcome || !outcome->is_ok()) return line_answer(outcome);
        return "ok " + edn_of(balances);
    }

private:
    node::ClientOptions options() const {
        node::ClientOptions options;
        options.endpoints = endpoints_;
        return options;
    }
    Result<workloads::FinalGraph> scan() {
        const Address& at = endpoints_.front();
        const MonoTime deadline = world_.deadline_in(deadline_);
        constexpr node::Consistency local = node::Consistency::local;
        workloads::FinalGraph graph;
        GEODE_TRY(graph.vertices, client_.scan_vertices(at, local, deadline));
        GEODE_TRY(graph.out_edges, client_.scan_edges(at, graph::Direction::out, local, deadline));
        GEODE_TRY(graph.in_edges, client_.scan_edges(at, graph::Direction::in, local, deadline));
        return Result<workloads::FinalGraph>(std::move(graph));
    }

    World& world_;
    const std::vector<Address>& endpoints_;
    Duration deadline_;
    node::Client client_;
    workloads::ClientStore store_;
};

}  // namespace

Result<LineRequest> parse_line_request(std::string_view line) {
    WordReader reader(words_of(line));
    const std::string_view name = reader.word();
    std::string names;
    for (const RequestKind& kind : kinds) {
        names.append(names.empty() ? "" : " ").append(kind.name);
        if (kind.name != name) continue;
        LineRequest request = kind.read(reader);
        if (!reader.done()) return expected(kind.usage);
        return request;
    }
    return expected("one of: " + names);
}

std::string line_answer(const Result<graph::Outcome>& outcome) {
    // A value that nobody wrote is no failure that a workload lives with.
    if (!outcome && outcome.code() == ErrorCode::invalid_argument) {
        return "error " + outcome.error().message;
    }
    switch (workloads::ending_of(outcome)) {
        case workloads::Ending::ok: return "ok";
        case workloads::Ending::refused: return "refused";
        case workloads::Ending::fail: return fmt::format("fail {}", to_string(outcome.code()));
        case workloads::Ending::unknown:
            return fmt::format("unknown {}", to_string(outcome.code()));
    }
    GEODE_UNREACHABLE("an ending outside its enum");
}

int serve_lines(const std::vector<Address>& endpoints, Duration deadline) {
    os::EventLoop loop;
    os::OsWorld::Options options;
    options.offload_threads = 1;
    auto world = os::OsWorld::create(loop, options);
    if (!world) {
        fmt::print(stderr, "geode-jepsen: {}\n", world.error().describe());
        return 2;
    }
    (*world)->spawn("lines", [&] {
        Server server(**world, endpoints, deadline);
        std::string line;
        while ((*world)->offload().run([&] { return bool(std::getline(std::cin, line)); })) {
            auto request = parse_line_request(line);
            std::cout << (request
                              ? std::visit([&](auto& it) { return server.answer(it); }, *request)
                              : "error " + request.error().message)
                      << std::endl;
        }
        loop.stop();
    });
    loop.run();
    (*world)->stop();
    return 0;
}

}  // namespace geode::jepsen
