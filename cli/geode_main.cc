// SPDX-License-Identifier: Apache-2.0

// geode: shell and administration. Parses the command line and runs one command of cli/admin.h.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <functional>

#include "cli/admin.h"
#include "node/version.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"

namespace {

using namespace geode;

constexpr int exit_usage = 2;

constexpr const char* examples = R"(
examples:
  geode status                                  the node at 127.0.0.1:3141
  export GEODE_ENDPOINTS=n1:3141,n2:3141,n3:3141
  geode health                                  exit 0 healthy, 1 degraded, 2 unhealthy
  geode primary                                 the leader's node id, for scripts
  geode load data/air-routes --prefix air-routes-latest
  geode get 8
  geode neighbors 8 --direction in --type route --limit 10
  geode --json status | jq '.[].role')";

struct Arguments {
    std::string endpoints = "127.0.0.1:3141";
    double timeout_s = 5;
    bool json = false;
    bool local = false;
    std::uint64_t vertex = 0;
    std::string direction = "out";
    std::string type;
    std::uint32_t limit = 0;
    cli::LoadOptions load;
};

using Command = std::function<int(World&, const cli::AdminOptions&)>;

Result<cli::AdminOptions> admin_options(const Arguments& arguments) {
    cli::AdminOptions options;
    options.json = arguments.json;
    options.timeout = Duration(static_cast<std::int64_t>(arguments.timeout_s * 1e9));
    for (const std::string& item : CLI::detail::split(arguments.endpoints, ',')) {
        GEODE_TRY(const Address address, parse_address(item));
        options.endpoints.push_back(address);
    }
    return options;
}

int run(const Arguments& arguments, const Command& command) {
    const auto options = admin_options(arguments);
    if (!options) {
        std::fprintf(stderr, "geode: --endpoints: %s\n", options.error().message.c_str());
        return exit_usage;
    }
    os::EventLoop loop;
    auto world = os::OsWorld::create(loop, {});
    if (!world) {
        std::fprintf(stderr, "geode: %s\n", world.error().describe().c_str());
        return exit_usage;
    }
    int status = cli::exit_failed;
    (*world)->spawn("command", [&] {
        status = command(**world, *options);
        loop.stop();
    });
    loop.run();
    (*world)->stop();
    return status;
}

/// The commands of a cluster stand alone and under `cluster`, as scripts in the field spell them.
void add_cluster_commands(CLI::App& app, Command& chosen) {
    app.add_subcommand("status", "role, term and progress of every endpoint")->callback([&] {
        chosen = cli::show_status;
    });
    app.add_subcommand("primary", "print the leader's node id; exit 1 if there is none")
        ->callback([&] { chosen = cli::show_primary; });
    app.add_subcommand("health", "exit 0 healthy, 1 degraded, 2 unhealthy")->callback([&] {
        chosen = cli::show_health;
    });
}

void add_graph_commands(CLI::App& app, Arguments& arguments, Command& chosen) {
    auto* get = app.add_subcommand("get", "print a vertex");
    get->add_option("id", arguments.vertex, "vertex id")->required();
    get->add_flag("--local", arguments.local, "any replica's state, which may be old");
    get->callback([&] {
        chosen = [&](World& world, const cli::AdminOptions& options) {
            return cli::get_vertex(world, options, VertexId(arguments.vertex), arguments.local);
        };
    });
    auto* neighbors = app.add_subcommand("neighbors", "print a vertex's edges, one a line");
    neighbors->add_option("id", arguments.vertex, "vertex id")->required();
    neighbors->add_option("--direction", arguments.direction, "out, in or both")
        ->check(CLI::IsMember({"out", "in", "both"}));
    neighbors->add_option("--type", arguments.type, "only edges of this type");
    neighbors->add_option("--limit", arguments.limit, "at most so many (default: all)");
    neighbors->add_flag("--local", arguments.local, "any replica's state, which may be old");
    neighbors->callback([&] {
        chosen = [&](World& world, const cli::AdminOptions& options) {
            const auto direction = arguments.direction == "in"     ? graph::Direction::in
                                   : arguments.direction == "both" ? graph::Direction::both
                                                                   : graph::Direction::out;
            return cli::show_neighbors(world, options,
                                       {VertexId(arguments.vertex), direction, arguments.type,
                                        arguments.limit, arguments.local});
        };
    });
    auto* load = app.add_subcommand("load", "load *nodes.csv and *edges.csv of a directory");
    load->add_option("directory", arguments.load.directory, "where the files are")->required();
    load->add_option("--prefix", arguments.load.prefix, "of the files, where there are several");
    load->add_option("--batch", arguments.load.batch, "elements in one write")
        ->check(CLI::Range(1, 10'000));
    load->add_option("--parallel", arguments.load.parallel, "writes under way")
        ->check(CLI::Range(1, 256));
    load->add_flag("!--no-progress", arguments.load.progress, "no progress line");
    load->callback([&] {
        chosen = [&](World& world, const cli::AdminOptions& options) {
            return cli::load(world, options, arguments.load);
        };
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{"Geode's shell: look at a cluster and at its graph, load data."};
    app.footer(examples);
    app.set_version_flag("--version", "geode " + std::string(node::version));
    app.require_subcommand(1);
    Arguments arguments;
    Command chosen;
    app.add_option("--endpoints", arguments.endpoints, "client addresses, comma-separated")
        ->envname("GEODE_ENDPOINTS")
        ->capture_default_str();
    app.add_option("--timeout", arguments.timeout_s, "seconds to wait for an answer")
        ->check(CLI::Range(0.001, 3600.0))
        ->capture_default_str();
    app.add_flag("--json", arguments.json, "machine-readable output");
    app.fallthrough();
    add_cluster_commands(app, chosen);
    auto* cluster = app.add_subcommand("cluster", "cluster commands under their long names");
    cluster->require_subcommand(1);
    cluster->fallthrough();
    add_cluster_commands(*cluster, chosen);
    add_graph_commands(app, arguments, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }
    return run(arguments, chosen);
}
