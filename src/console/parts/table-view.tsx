import { useEffect, useState } from 'preact/hooks';
import { delimiterOf } from '../data/previews';

interface Props {
  readonly name: string;
  readonly text: string;
}

type Cells = readonly (readonly string[])[];

const MAX_ROWS = 200;
const MAX_COLUMNS = 40;

/** The first rows of a CSV file. Its parser is loaded with the first table. */
export function TableView({ name, text }: Props) {
  const [cells, setCells] = useState<Cells | null>(null);
  useEffect(() => {
    void cellsOf(text, delimiterOf(name)).then(setCells);
  }, [name, text]);
  if (cells === null) return <pre>{text.slice(0, 2000)}</pre>;
  const [head = [], ...rows] = cells;
  return (
    <div class="scroll" role="region" aria-label={name} tabIndex={0}>
      <table class="data">
        <thead>
          <tr>
            {head.map((cell, column) => (
              <th key={column} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} class={isNumber(cell) ? 'number' : ''}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {cells.length > MAX_ROWS && <p class="quiet">The first {MAX_ROWS} rows.</p>}
    </div>
  );
}

async function cellsOf(text: string, delimiter: string): Promise<Cells | null> {
  const { parse } = await import('csv-parse/browser/esm/sync');
  try {
    const rows = parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      bom: true,
      to_line: MAX_ROWS + 1,
    });
    return rows.map((row) => row.slice(0, MAX_COLUMNS));
  } catch {
    return null;
  }
}

function isNumber(cell: string): boolean {
  return cell.trim() !== '' && Number.isFinite(Number(cell));
}
