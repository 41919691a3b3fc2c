// From parsed documents to a Config: names, duplicates, types and ranges, by the table of keys.
#pragma once

#include "config/config.hpp"
#include "config/keys.hpp"
#include "config/problem.hpp"
#include "config/yaml_node.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

class Reader {
  public:
    // `main` is the file that a problem is in when no file says anything about it.
    explicit Reader(std::string main) : main_(std::move(main)) {}

    // Each document is laid over those before it: what it sets wins, a list as a whole.
    void read_document(const Node& root, const std::string& file);

    // Where `key`, or else the section around it, was set last.
    Problem problem_at(std::string_view key, std::string problem, std::string expected) const;

    Config config;
    std::vector<Problem> problems;
    std::set<std::string, std::less<>> bad;  // keys that have a problem

  private:
    struct Place {
        std::string file;
        Position at;
    };

    Place place(std::string_view key) const;
    void read_map(const Node& map, const std::string& prefix);
    void read_entry(const Node& node, const std::string& path, const std::string& prefix);
    void unknown(const Node& node, const std::string& path, const std::string& prefix);
    void assign(const Key& key, const Node& node);
    template <class Number>
    void assign_number(const Key& key, const Node& node, Number number);
    // The empty string when `node` is a text that `key` may hold; else what is wrong with it.
    std::string text_problem(const Key& key, const Node& node) const;
    void add(Position at, std::string key, std::string problem, std::string expected);

    const std::string main_;
    std::string file_;  // that is being read
    std::map<std::string, Place, std::less<>> seen_;  // keys and sections, by path
};

// A name from the file, fit for a message: one line, not long.
std::string printable(std::string_view name);

}  // namespace holdfast::config
