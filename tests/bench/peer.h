// The bare thing: a gRPC server of the same methods that keeps nothing. What it reaches is the
// limit of the transport for these very messages.
#pragma once

#include <string>

namespace tandem::bench {

// Serves ReportStock (answers at once) and Ingest (parses, adds up, answers each block) on a free
// loopback port, writes the port into the file, and runs until SIGTERM. With mutual TLS under the
// certificates in a folder (network.h), or without for "". With the path of a database, ReportStock
// answers once the report is one synced row of it: what gRPC and the disk allow together to whoever
// promises durability, with no rule looked at and nothing else kept.
int RunPeer(const std::string& port_file, const std::string& certificates,
            const std::string& database);

}  // namespace tandem::bench
