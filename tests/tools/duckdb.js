// DuckDB, asked for rows: a JSON array of SQL texts on stdin gives an array of arrays of rows on
// stdout. Where a query fails there is its error's text instead. Nothing is fetched.
import { DuckDBInstance } from '@duckdb/node-api';
import { text } from 'node:stream/consumers';

const database = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
const connection = await database.connect();
const answers = [];

for (const sql of JSON.parse(await text(process.stdin))) {
        try {
                answers.push((await connection.runAndReadAll(sql)).getRowsJson());
        } catch (error) {
                answers.push(String(error));
        }
}
process.stdout.write(JSON.stringify(answers));
