#include "support/shim_vfs.hpp"

#include <sqlite3.h>

#include <new>
#include <utility>

namespace holdfast::test {
namespace {

// SQLite allocates szOsFile bytes: ours first, the default VFS's file behind it.
struct File {
    sqlite3_file base;
    VfsHooks* hooks;
    std::string* path;  // new in xOpen, deleted in xClose
    sqlite3_file* real;
};

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

int close(sqlite3_file* file) {
    File& f = of(file);
    const int code = f.real->pMethods->xClose(f.real);
    delete std::exchange(f.path, nullptr);
    return code;
}

int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
    File& f = of(file);
    if (const int code = f.hooks->before(VfsOp::read, *f.path)) return code;
    return f.real->pMethods->xRead(f.real, out, bytes, offset);
}

int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
    File& f = of(file);
    if (const int code = f.hooks->before(VfsOp::write, *f.path)) return code;
    const int code = f.real->pMethods->xWrite(f.real, in, bytes, offset);
    if (code == SQLITE_OK) {
        f.hooks->wrote(*f.path, offset, {static_cast<const char*>(in), static_cast<std::size_t>(bytes)});
    }
    return code;
}

int truncate(sqlite3_file* file, sqlite3_int64 bytes) {
    File& f = of(file);
    if (const int code = f.hooks->before(VfsOp::truncate, *f.path)) return code;
    const int code = f.real->pMethods->xTruncate(f.real, bytes);
    if (code == SQLITE_OK) f.hooks->truncated(*f.path, bytes);
    return code;
}

int sync(sqlite3_file* file, int) {
    File& f = of(file);
    if (const int code = f.hooks->before(VfsOp::sync, *f.path)) return code;
    f.hooks->synced(*f.path);
    return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* bytes) { return of(file).real->pMethods->xFileSize(of(file).real, bytes); }
int lock(sqlite3_file* file, int level) { return of(file).real->pMethods->xLock(of(file).real, level); }
int unlock(sqlite3_file* file, int level) { return of(file).real->pMethods->xUnlock(of(file).real, level); }
int check_lock(sqlite3_file* file, int* out) {
    return of(file).real->pMethods->xCheckReservedLock(of(file).real, out);
}
int control(sqlite3_file* file, int op, void* arg) { return of(file).real->pMethods->xFileControl(of(file).real, op, arg); }
int sector_size(sqlite3_file*) { return 512; }
int characteristics(sqlite3_file*) { return 0; }  // the most pessimistic disk

const sqlite3_io_methods k_methods = {
    1,        close,      read,    write,           truncate, sync,       file_size, lock, unlock, check_lock, control,
    sector_size, characteristics, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

struct ShimVfs::Impl {
    std::string name;
    VfsHooks& hooks;
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs{};

    Impl(std::string n, VfsHooks& h) : name(std::move(n)), hooks(h) {
        vfs = *real;
        vfs.pNext = nullptr;
        vfs.zName = name.c_str();
        vfs.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
        vfs.pAppData = this;
        vfs.xOpen = [](sqlite3_vfs* v, const char* path, sqlite3_file* file, int flags, int* out_flags) {
            return static_cast<Impl*>(v->pAppData)->open(path, file, flags, out_flags);
        };
        vfs.xDelete = [](sqlite3_vfs* v, const char* path, int sync_folder) {
            return static_cast<Impl*>(v->pAppData)->remove(path, sync_folder);
        };
        vfs.xAccess = [](sqlite3_vfs* v, const char* path, int flags, int* out) {
            auto* to = static_cast<Impl*>(v->pAppData)->real;
            return to->xAccess(to, path, flags, out);
        };
        vfs.xFullPathname = [](sqlite3_vfs* v, const char* path, int bytes, char* out) {
            auto* to = static_cast<Impl*>(v->pAppData)->real;
            return to->xFullPathname(to, path, bytes, out);
        };
        sqlite3_vfs_register(&vfs, 0);
    }
    ~Impl() { sqlite3_vfs_unregister(&vfs); }

    int open(const char* path, sqlite3_file* file, int flags, int* out_flags) {
        File& f = of(file);
        f.base.pMethods = nullptr;
        const std::string name_of_file = path == nullptr ? "" : path;
        if (const int code = hooks.before(VfsOp::open, name_of_file)) return code;
        f.hooks = &hooks;
        f.real = reinterpret_cast<sqlite3_file*>(&f + 1);
        const int code = real->xOpen(real, path, f.real, flags, out_flags);
        if (code != SQLITE_OK) return code;
        f.path = new std::string(name_of_file);
        f.base.pMethods = &k_methods;
        hooks.opened(name_of_file);
        return SQLITE_OK;
    }

    int remove(const char* path, int sync_folder) {
        if (const int code = hooks.before(VfsOp::remove, path)) return code;
        const int code = real->xDelete(real, path, sync_folder);
        if (code == SQLITE_OK) hooks.removed(path);
        return code;
    }
};

ShimVfs::ShimVfs(std::string name, VfsHooks& hooks) : impl_(std::make_unique<Impl>(std::move(name), hooks)) {}
ShimVfs::~ShimVfs() = default;
const std::string& ShimVfs::name() const { return impl_->name; }

}  // namespace holdfast::test
