// SPDX-License-Identifier: Apache-2.0
#include "jepsen/lab.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

using sim::FaultKind;

constexpr const char* names_folder = "/run/netns";  // where ip keeps them

Error refused(const char* what) {
    return make_error(ErrorCode::unavailable, fmt::format("{}: {}", what, std::strerror(errno)));
}

/// Mounts that nobody else sees, an empty folder for names of namespaces, an empty network.
Result<void> leave_the_machine() {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) return refused("no new namespaces");
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return refused("no mounts of its own");
    }
    if (::mkdir(names_folder, 0755) != 0 && errno != EEXIST) return refused(names_folder);
    if (::mount("geode-jepsen", names_folder, "tmpfs", 0, "size=64k") != 0) {
        return refused(names_folder);
    }
    return {};
}

/// First line of what a probe said.
std::string first_line(const Error& error) {
    const std::string text = error.message.empty() ? error.describe() : error.message;
    return text.substr(0, text.find('\n'));
}

}  // namespace

Result<std::unique_ptr<Lab>> Lab::enter(LabPlan plan, std::uint64_t seed) {
    GEODE_ASSERT(plan.nodes >= 1 && plan.nodes <= lab_hosts_max);
    GEODE_ASSERT(plan.clients <= lab_hosts_max + 1);
    const os::UniqueFd network(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    const os::UniqueFd mounts(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    std::unique_ptr<Lab> lab(new Lab(std::move(plan)));
    const auto back = [&](Error error) {
        // Only a process that got out can fail to come back, and it then has the right to.
        if (::setns(network.get(), CLONE_NEWNET) != 0 || ::setns(mounts.get(), CLONE_NEWNS) != 0) {
            error.message += fmt::format(" (half-way: {})", std::strerror(errno));
        }
        error.code = ErrorCode::unavailable;
        return error;
    };
    if (::geteuid() != 0) return make_error(ErrorCode::unavailable, "needs to be root");
    if (const auto left = leave_the_machine(); !left) return back(left.error());
    if (const auto built = lab->build(); !built) return back(built.error());
    lab->probe_filter();
    lab->probe_queues();
    if (!lab->netem_) {
        const auto opened = lab->filter_ ? lab->open_detour(seed)
                                         : make_error(ErrorCode::unavailable, "needs nftables");
        if (opened) lab->missing_.back() += "; a detour stands in";
        if (!opened) lab->missing_.push_back("detour (" + first_line(opened.error()) + ")");
    }
    return Result<std::unique_ptr<Lab>>(std::move(lab));
}

Result<void> Lab::build() {
    GEODE_TRY([[maybe_unused]] const std::string names,
              must_run({"ip", "-batch", "-"}, namespace_batch(plan_)));
    GEODE_TRY([[maybe_unused]] const std::string hub,
              must_run({"ip", "-batch", "-"}, hub_batch(plan_)));
    for (std::uint32_t node = 1; node <= plan_.nodes; ++node) {
        GEODE_TRY(
            [[maybe_unused]] const std::string inside_it,
            must_run({"ip", "-n", plan_.name_space(node), "-batch", "-"}, node_batch(plan_, node)));
    }
    return {};
}

Words Lab::inside(std::uint32_t node) const {
    return {"ip", "netns", "exec", plan_.name_space(node)};
}

Words Lab::in_device(std::uint32_t node, Words words) const {
    if (node == 0) return words;
    Words inner = inside(node);
    inner.insert(inner.end(), words.begin(), words.end());
    return inner;
}

/// Everything is tried for real, on the empty network.
void Lab::probe_filter() {
    Result<std::string> filter = must_run({"nft", "-f", "-"}, bridge_table());
    NetworkState all;
    all.blocked[FaultKind::partition] = {{"n1", "c1"}, {"c1", "n1"}};
    all.flips[{"n1", "c1"}] = 100;
    all.losses[{"n1", "c1"}] = 1;
    all.hung.insert(1);
    if (filter) filter = must_run({"nft", "-f", "-"}, bridge_rules(all));
    for (std::uint32_t node = 1; filter && node <= plan_.nodes; ++node) {
        filter = must_run(in_device(node, {"nft", "-f", "-"}), refusal_table());
    }
    if (filter) filter = must_run(in_device(1, {"nft", "-f", "-"}), refusal_rules(true));
    if (filter) filter = must_run(in_device(1, {"nft", "-f", "-"}), refusal_rules(false));
    if (filter) filter = must_run({"nft", "-f", "-"}, bridge_rules({}));
    filter_ = filter.has_value();
    if (!filter_) missing_.push_back("nftables (" + first_line(filter.error()) + ")");

    const auto reset = must_run({"ss", "-K", "-t", "-n", "dst", "10.77.0.254"});
    reset_ = reset.has_value();
    if (!reset_) missing_.push_back("ss --kill (" + first_line(reset.error()) + ")");
}

void Lab::probe_queues() {
    LinkShape slow;
    slow.bytes_per_s = 1'000'000;
    const auto limit = must_run({"tc", "-batch", "-"}, shaping_batch("br0", {{"10.77.1.1", slow}}));
    limit_ = limit.has_value();
    if (!limit_) missing_.push_back("htb (" + first_line(limit.error()) + ")");
    const auto netem =
        must_run({"tc", "qdisc", "replace", "dev", "br0", "root", "netem", "delay", "1ms"});
    netem_ = limit_ && netem.has_value();
    if (!netem_) {
        const bool unknown =
            !netem && netem.error().message.find("qdisc kind is unknown") != std::string::npos;
        missing_.push_back("netem (" +
                           (unknown ? std::string("kernel has no sch_netem")
                            : netem ? std::string("needs htb")
                                    : first_line(netem.error())) +
                           ")");
    }
    if (limit_ || netem) {
        // A device without a queue of its own has nothing to delete: what is left shows up later.
        static_cast<void>(run_command({"tc", "qdisc", "del", "dev", "br0", "root"}));
    }
}

/// The port learns nothing: the bridge would take the senders of what comes back to live there.
Result<void> Lab::open_detour(std::uint64_t seed) {
    GEODE_TRY(std::unique_ptr<Detour> detour, Detour::open(seed));
    GEODE_TRY([[maybe_unused]] const std::string port,
              must_run({"ip", "-batch", "-"}, detour_batch()));
    NetworkState all;
    all.shapes[{"n1", "c1"}].delay_us = 1;
    all.shapes[{"c1", "n1"}].delay_us = 1;
    GEODE_TRY([[maybe_unused]] const std::string tried,
              must_run({"nft", "-f", "-"}, detour_rules(plan_, all)));
    GEODE_TRY([[maybe_unused]] const std::string undone,
              must_run({"nft", "-f", "-"}, detour_rules(plan_, {})));
    detour_ = std::move(detour);
    return {};
}

Result<void> Lab::apply(const NetworkState& state) {
    if (filter_) {
        std::string rules = bridge_rules(state);
        if (rules != rules_) {
            GEODE_TRY([[maybe_unused]] const std::string said, must_run({"nft", "-f", "-"}, rules));
            rules_ = std::move(rules);
        }
        for (std::uint32_t node = 1; node <= plan_.nodes; ++node) {
            const bool refuse = state.refusing.contains(node);
            if (refuse == refusing_.contains(node)) continue;
            GEODE_TRY([[maybe_unused]] const std::string said,
                      must_run(in_device(node, {"nft", "-f", "-"}), refusal_rules(refuse)));
            if (refuse) refusing_.insert(node);
            if (!refuse) refusing_.erase(node);
        }
    }
    if (detour_ != nullptr) {
        detour_->set(state.shapes);
        std::string rules = detour_rules(plan_, state);
        if (rules != detours_) {
            GEODE_TRY([[maybe_unused]] const std::string said, must_run({"nft", "-f", "-"}, rules));
            detours_ = std::move(rules);
        }
    }
    if (limit_) GEODE_TRY_VOID(apply_shapes(state));
    return {};
}

/// Queues are rebuilt where they change; what was in them is lost, as on a link that flickers.
Result<void> Lab::apply_shapes(const NetworkState& state) {
    NetworkState queued = state;
    if (!netem_) {
        for (auto& [link, shape] : queued.shapes) shape = {shape.bytes_per_s, 0, 0, 0};
        std::erase_if(queued.shapes, [](const auto& entry) { return entry.second == LinkShape(); });
    }
    auto wanted = shapes_by_device(queued);
    for (std::uint32_t node = 0; node <= plan_.nodes; ++node) {
        const auto found = wanted.find(node);
        const std::map<std::string, LinkShape> none;
        const auto& shapes = found == wanted.end() ? none : found->second;
        if (shapes == shapes_[node]) continue;
        const std::string device = node == 0 ? "br0" : "e0";
        GEODE_TRY_VOID(read_shaped(node));
        if (!shapes_[node].empty()) {
            GEODE_TRY([[maybe_unused]] const std::string said,
                      must_run(in_device(node, {"tc", "qdisc", "del", "dev", device, "root"})));
        }
        shapes_[node].clear();
        if (!shapes.empty()) {
            GEODE_TRY(
                [[maybe_unused]] const std::string said,
                must_run(in_device(node, {"tc", "-batch", "-"}), shaping_batch(device, shapes)));
        }
        shapes_[node] = shapes;
    }
    return {};
}

/// Adds what the device's classes have sent to the counts, before they go away.
Result<void> Lab::read_shaped(std::uint32_t device) {
    const auto& shapes = shapes_[device];
    if (shapes.empty()) return {};
    GEODE_TRY(const std::string text,
              must_run(in_device(
                  device, {"tc", "-s", "class", "show", "dev", device == 0 ? "br0" : "e0"})));
    for (const auto& [address, packets] : parse_shaped_packets(text, shapes)) {
        const LinkShape& shape = shapes.at(address);
        const auto met = [&](FaultKind kind, std::int64_t setting) {
            if (setting != 0) shaped_[std::string(sim::to_string(kind))] += packets;
        };
        met(FaultKind::slow_link, shape.bytes_per_s);
        met(FaultKind::delay, shape.delay_us);
        met(FaultKind::packet_duplicate, shape.duplicate_percent);
        met(FaultKind::packet_reorder, shape.reorder_percent);
    }
    return {};
}

Result<std::uint64_t> Lab::reset_connections(const sim::Link& link) {
    const auto pair = addresses_of(link);
    if (!pair || !reset_) return std::uint64_t{0};
    // Done at a node's end: a socket of the harness itself would be as good, but never better.
    const bool from_node = link.from.starts_with('n');
    const std::string& self = from_node ? pair->source : pair->destination;
    const std::string& other = from_node ? pair->destination : pair->source;
    const std::string& host = from_node ? link.from : link.to;
    const auto node = static_cast<std::uint32_t>(std::stoul(host.substr(1)));
    GEODE_TRY(const std::string killed,
              must_run(in_device(node, {"ss", "-K", "-H", "-t", "-n", "src", self, "dst", other})));
    return static_cast<std::uint64_t>(std::count(killed.begin(), killed.end(), '\n'));
}

Result<std::map<std::string, std::uint64_t>> Lab::counters() {
    std::map<std::string, std::uint64_t> counts = shaped_;
    if (detour_ != nullptr) {
        const DetourCounts detoured = detour_->counts();
        counts[std::string(sim::to_string(FaultKind::delay))] += detoured.delayed;
        counts[std::string(sim::to_string(FaultKind::packet_duplicate))] += detoured.duplicated;
        counts[std::string(sim::to_string(FaultKind::packet_reorder))] += detoured.reordered;
    }
    if (!filter_) return counts;
    GEODE_TRY(const std::string bridge, must_run({"nft", "-j", "list", "counters"}));
    for (const auto& [name, packets] : parse_counters(bridge)) counts[name] += packets;
    for (std::uint32_t node = 1; node <= plan_.nodes; ++node) {
        GEODE_TRY(const std::string inner,
                  must_run(in_device(node, {"nft", "-j", "list", "counters"})));
        for (const auto& [name, packets] : parse_counters(inner)) counts[name] += packets;
    }
    return counts;
}

Result<void> Lab::mount_small_disk(const std::string& directory, std::uint64_t bytes) {
    const std::string options = fmt::format("size={}", bytes);
    if (::mount("geode-jepsen", directory.c_str(), "tmpfs", 0, options.c_str()) != 0) {
        return refused("no small disk");
    }
    small_disks_.push_back(directory);
    return {};
}

void Lab::unmount_small_disks(bool keep) {
    for (const std::string& directory : small_disks_) {
        std::error_code failure;
        const std::string kept = directory + ".kept";
        constexpr auto everything = std::filesystem::copy_options::recursive;
        if (keep) std::filesystem::copy(directory, kept, everything, failure);
        ::umount2(directory.c_str(), MNT_DETACH);
        if (!keep || failure) continue;
        std::filesystem::remove(directory, failure);
        std::filesystem::rename(kept, directory, failure);
    }
    small_disks_.clear();
}

}  // namespace geode::jepsen
