/* run.c: runs an engine with two inputs, a dense matrix and an id matrix, through the C API.
 *   cc run.c -Iinclude -Lbuild/lib -lreckon-runtime -o run && ./run dlrm.rkn
 */
#include "reckon/Runtime/Runtime.h"

#include <stdio.h>

#define BATCH 3

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, reckon_last_error());
  return 1;
}

int main(int argc, char **argv) {
  float dense[BATCH][13] = {{0}};
  int64_t ids[BATCH][26] = {{0}};
  const int64_t dense_shape[] = {BATCH, 13}, ids_shape[] = {BATCH, 26};
  for (int row = 0; row < BATCH; ++row)
    for (int column = 0; column < 13; ++column)
      dense[row][column] = 0.1f * (float)(row + column);

  /* An engine is immutable and may be shared by threads; each thread has a context of its own. */
  ReckonEngine *engine = NULL;
  ReckonContext *context = NULL;
  ReckonTensor click;
  if (argc != 2 || reckon_engine_open(argv[1], NULL, 0, &engine) != RECKON_OK)
    return fail("open");
  if (reckon_context_create(engine, NULL, &context) != RECKON_OK)
    return fail("context");

  /* Inputs are bound once, by their ONNX names, and read at each run. */
  if (reckon_set_input_by_name(context, "dense", RECKON_F32, 2, dense_shape, dense) != RECKON_OK ||
      reckon_set_input_by_name(context, "ids", RECKON_I64, 2, ids_shape, ids) != RECKON_OK)
    return fail("input");
  if (reckon_run(context) != RECKON_OK || reckon_output(context, 0, &click) != RECKON_OK)
    return fail("run");
  for (int64_t row = 0; row < click.shape[0]; ++row)
    printf("click[%d] = %.4f\n", (int)row, ((const float *)click.data)[row]);

  /* Mistakes are told in the model's words. */
  ids[1][4] = 1000000;
  if (reckon_run(context) == RECKON_OK)
    return 1;
  printf("%s\n", reckon_last_error());

  reckon_context_destroy(context);
  reckon_engine_close(engine);
  return 0;
}
