// SPDX-License-Identifier: BSD-2-Clause
// Is it what the schema says? fits_schema.js SCHEMA FILE; $PACKAGES: where ajv is
const fs = require('fs');
const Ajv = require(process.env.PACKAGES + '/ajv');
const [schema, file] = process.argv.slice(2).map((path) => JSON.parse(fs.readFileSync(path, 'utf8')));
const fits = new Ajv({ allErrors: false, schemaId: 'auto' }).compile(schema);
if (!fits(file)) {
  console.log(fits.errors);
  process.exit(1);
}
