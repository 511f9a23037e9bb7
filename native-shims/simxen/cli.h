/* The command line tool: each command gets the arguments after its name, returns an exit code. */
#ifndef SIMXEN_CLI_H
#define SIMXEN_CLI_H

#include <stdbool.h>
#include <stdint.h>

/* Prints the message, which ends with a remedy, and returns 1. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints how to call, and returns 2. */
int cli_usage(void);
bool cli_number(const char *text, uint32_t *value);

int cli_machine(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_create(int argc, char **argv);
int cli_store(int argc, char **argv);
int cli_fault(int argc, char **argv);

#endif
