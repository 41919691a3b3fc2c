// A SQLite VFS in front of the default one that asks a test before each operation and tells it what was
// done. It offers no shared memory and no mapping: the journal must work without them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::test {

enum class VfsOp { open, read, write, truncate, sync, remove };

// Called on the thread that uses the file; several connections mean several threads.
class VfsHooks {
  public:
    virtual ~VfsHooks() = default;
    // A SQLite result code; anything but 0 is returned instead of doing it.
    virtual int before(VfsOp, const std::string& /*path*/) { return 0; }
    virtual void opened(const std::string& /*path*/) {}
    virtual void wrote(const std::string& /*path*/, std::int64_t /*offset*/, std::string_view /*bytes*/) {}
    virtual void truncated(const std::string& /*path*/, std::int64_t /*bytes*/) {}
    virtual void synced(const std::string& /*path*/) {}
    virtual void removed(const std::string& /*path*/) {}
};

// Registered under `name` while it lives. Syncs are reported but not done: a test that looks at what
// survives keeps its own books, and everything else only gets slower by them.
class ShimVfs {
  public:
    ShimVfs(std::string name, VfsHooks& hooks);
    ~ShimVfs();
    ShimVfs(const ShimVfs&) = delete;
    ShimVfs& operator=(const ShimVfs&) = delete;
    const std::string& name() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::test
