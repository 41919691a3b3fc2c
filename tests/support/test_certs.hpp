// Certificates made on the spot, so that no test depends on a file that expires. P-256 keys.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

// A private folder that goes away with the object.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

struct CertFiles {
    std::string certificate;  // PEM file with the chain
    std::string private_key;
};

struct CertWish {
    std::vector<std::string> names{"localhost"};
    std::vector<std::string> addresses{"127.0.0.1"};
    int from_days = -1;  // relative to now
    int to_days = 30;
};

class TestCa {
  public:
    explicit TestCa(const TempDir& dir, const std::string& name = "ca");
    ~TestCa();
    const std::string& file() const { return file_; }  // PEM, for TlsClient::make
    // Writes <name>.pem and <name>.key into the folder, replacing what is there.
    CertFiles issue(const std::string& name, const CertWish& wish = {});
    // One that no authority stands behind.
    CertFiles self_signed(const std::string& name, const CertWish& wish = {});

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    std::string file_;
};

}  // namespace holdfast::test
