// SPDX-License-Identifier: Apache-2.0
#pragma once

// SimDisk: one machine's disk across the lives of its node, with faults and a price for everything.
//
// Calls take no virtual time; they run up a cost, which Offload turns into a sleep after the call
// it ran inline. Each call goes through begin(), which asks the faults, charges the price and
// extends the event chain.
//
// Invariants:
//  1. Handles carry the number of the life that made them; those of a past life get io_error and
//     change nothing.
//  2. A disk that died under its node (crash_after_operations) refuses everything until the next
//     life, and reports its death once.
//  3. In a fiber, calls happen inside Offload only.

#include <optional>
#include <set>

#include "runtime/disk.h"
#include "sim/disk/disk_image.h"
#include "sim/world/engine.h"

namespace geode::sim {

/// What operations cost; ranges are drawn from uniformly.
struct DiskPrices {
    Duration sync_min = microseconds(500);
    Duration sync_max = microseconds(1000);
    Duration small_min = microseconds(1);  ///< page cache: reads, writes, sizes
    Duration small_max = microseconds(5);
    Duration name_min = microseconds(5);  ///< open, rename, remove, list
    Duration name_max = microseconds(20);
    std::int64_t bytes_per_second = 2'000'000'000;
};

class SimDisk {
public:
    enum class Operation : std::uint8_t {
        open,
        read,
        write,
        sync,
        truncate,
        size,
        rename,
        remove,
        exists,
        create_dir,
        remove_dir,
        list,
        sync_dir,
        lock,
    };

    SimDisk(Engine& engine, NodeId node, Prng random, DiskPrices prices);
    SimDisk(const SimDisk&) = delete;
    SimDisk& operator=(const SimDisk&) = delete;

    // --- faults ---

    /// Multiplies every price; 1 stops. Between 1 and 10,000.
    void set_slowness(std::int64_t factor);
    /// Operations started during a stall end when it does; lasts `length` from now.
    void start_stall(Duration length);
    void stop_stall();
    /// Writes and creations fail with disk_full.
    void set_full(bool on);
    /// One in so many reads or syncs fails with io_error; 0 stops.
    void set_read_errors(std::uint32_t one_in);
    void set_sync_failures(std::uint32_t one_in);
    /// After `count` more operations every one fails, and `on_death` is called once, from inside
    /// the failing one. The fault ends with the life.
    void crash_after_operations(std::uint64_t count, UniqueFunction<void()> on_death);
    void set_power_loss_options(const PowerLossOptions& options) { power_loss_options_ = options; }
    /// The mode of the coming power losses instead of a drawn one.
    void set_power_loss_mode(std::optional<PowerLossMode> mode) { power_loss_mode_ = mode; }
    /// Ends all faults that last.
    void heal();

    // --- for the life of a node (sim_node) ---

    std::uint32_t start_life();
    void end_life();
    PowerLossReport lose_power();

    // --- for the handles (below) and Offload (sim_world) ---

    bool current(std::uint32_t life) const { return alive_ && life == life_; }
    void set_offloaded(bool on) { offloaded_ = on; }
    Duration take_cost() { return std::exchange(cost_, Duration(0)); }
    /// Asks the faults, charges, and extends the chain by (operation, subject, payload).
    Result<void> begin(std::uint32_t life, Operation operation, std::uint64_t subject,
                       std::uint64_t payload, std::size_t bytes);
    DiskImage& image() { return image_; }
    std::set<std::string, std::less<>>& locks() { return locks_; }
    /// disk_full if the disk is full. begin() asks for writes; creations ask when they turn out so.
    Result<void> ask_room();
    /// Whether the sync that begin() has let through fails all the same.
    bool draw_sync_failure();

private:
    Duration price(Operation operation, std::size_t bytes);
    Result<void> ask_faults(Operation operation);
    void note(std::string_view what, std::uint64_t value);

    Engine& engine_;
    NodeId node_;
    Prng random_;
    DiskPrices prices_;
    DiskImage image_;
    std::set<std::string, std::less<>> locks_;
    std::uint32_t life_ = 0;
    bool alive_ = false;
    bool dead_under_node_ = false;
    bool offloaded_ = false;
    Duration cost_{0};

    std::int64_t slowness_ = 1;
    SimTime stalled_until_;
    bool full_ = false;
    std::uint32_t read_error_one_in_ = 0;
    std::uint32_t sync_failure_one_in_ = 0;
    std::optional<std::uint64_t> operations_left_;
    UniqueFunction<void()> on_death_;
    PowerLossOptions power_loss_options_;
    std::optional<PowerLossMode> power_loss_mode_;
};

/// The Disk that one life of a node sees.
class LifeDisk final : public Disk {
public:
    LifeDisk(SimDisk& disk, std::uint32_t life) : disk_(disk), life_(life) {}
    Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
    Result<void> rename(std::string_view from, std::string_view to) override;
    Result<void> remove(std::string_view path) override;
    Result<bool> exists(std::string_view path) override;
    Result<void> create_dir(std::string_view path) override;
    Result<void> remove_dir(std::string_view path) override;
    Result<std::vector<std::string>> list(std::string_view path) override;
    Result<void> sync_dir(std::string_view path) override;
    Result<std::unique_ptr<DirectoryLock>> lock(std::string_view path) override;

private:
    Result<void> begin(SimDisk::Operation operation, std::string_view path,
                       std::uint64_t payload = 0);
    Result<InodeRef> find_or_create(std::string_view path, OpenMode mode);
    bool has_dir(std::string_view path) const;

    SimDisk& disk_;
    std::uint32_t life_;
};

}  // namespace geode::sim
