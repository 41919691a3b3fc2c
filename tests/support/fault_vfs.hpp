// A disk that fails on demand: the n-th operation of a kind returns a chosen SQLite code, once or from
// then on; a sync can be made to hang until it is let go.
#pragma once

#include "support/shim_vfs.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace holdfast::test {

class FaultVfs : private VfsHooks {
  public:
    FaultVfs() : vfs_("faulty", *this) {}
    const std::string& name() const { return vfs_.name(); }

    enum class Times { once, from_then_on };
    // The operations of this kind are counted from now on; number `nth` (from 0) fails. Only files whose
    // path contains `part`.
    void fail(VfsOp op, int code, std::uint64_t nth = 0, Times times = Times::once, std::string part = {});
    void heal();
    std::uint64_t hits() const;
    std::uint64_t opens_after_fault() const;  // of the write-ahead log, since the last hit

    void hang_syncs();
    bool wait_until_one_hangs();
    void let_go();

  private:
    struct Fault {
        VfsOp op;
        int code;
        std::uint64_t nth;
        Times times;
        std::string part;
    };
    int before(VfsOp op, const std::string& path) override;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Fault> fault_;
    std::uint64_t seen_ = 0;
    std::uint64_t hits_ = 0;
    std::uint64_t opens_ = 0;
    bool hang_ = false;
    bool hanging_ = false;
    std::uint64_t released_ = 0;
    ShimVfs vfs_;  // last: it calls us as soon as it is there
};

}  // namespace holdfast::test
