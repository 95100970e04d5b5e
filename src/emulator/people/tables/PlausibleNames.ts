/** Ordinary names of many countries. The last names of two countries are all different, so no pair comes twice. */
import { type FullName, pairs } from "./PeopleTables.ts"

/** First and last names of one country, or of some that share them. Countries with more names have more people. */
const countries: ReadonlyArray<readonly [first: string, last: string]> = [
  [
    "Oliver, Emily, James, Charlotte, William, Grace, Henry, Alice, Thomas, Hannah, Daniel, Lucy, Samuel, Rachel, Laura",
    "Smith, Johnson, Williams, Brown, Taylor, Wilson, Walker, Wright, Harris, Thompson, Bennett, Cooper, Hughes, O'Neil"
  ],
  [
    "Andrew, Megan, Peter, Claire, Michael, Jessica, David, Sarah, Patrick, Fiona, Robert, Julia",
    "Parker, Morgan, Foster, Carter, Reed, Collins, Murphy, Campbell, Stewart, Edwards, Mitchell, Turner"
  ],
  [
    "Camille, Benoît, Chloé, Léa, Quentin, Mathieu, Hélène, François, Élodie, Julien, Anne-Marie, Antoine",
    "Dubois, Moreau, Lefèvre, Girard, Rousseau, Fontaine, Mercier, Chevalier, Lambert, Bonnet, Garnier, Faure"
  ],
  [
    "Anna, Lukas, Katharina, Jonas, Jürgen/juergen, Sabine, Felix, Greta, Matthias, Heike, Tobias, Ulrike",
    "Müller/mueller, Schmidt, Schneider, Fischer, Weber, Hoffmann, Schäfer/schaefer, Koch, Krüger/krueger, Vogel, Brandt"
  ],
  [
    "José, Lucía, Mateo, Ximena, Tomás, Carmen, Diego, Valentina, Andrés, Inés, Javier, Sofía",
    "García, Reyes, Ortiz, Fernández, Morales, Castillo, Herrera, Núñez, Vargas, Delgado, Romero, Ibáñez"
  ],
  [
    "João, Beatriz, Rafael, Mariana, Tiago, Larissa, Gonçalo, Rosa",
    "Silva, Costa, Ferreira, Oliveira, Carvalho, Araújo, Gomes, Teixeira"
  ],
  [
    "Giulia, Marco, Chiara, Lorenzo, Francesca, Paolo, Elena, Matteo",
    "Rossi, Bianchi, Ricci, Conti, Esposito, Marino, Greco, Lombardi"
  ],
  [
    "Ingrid, Søren/soren, Åsa, Erik, Freja, Magnus, Sigrún, Lars, Astrid, Mikko",
    "Lindqvist, Larsen, Nilsson, Andersen, Bergström, Hansen, Þórsson/thorsson, Johansson, Virtanen, Dahl"
  ],
  [
    "Zofia, Łukasz/lukasz, Jakub, Agnieszka, Tomasz, Katarzyna, Paweł/pawel, Magda",
    "Nowak, Wójcik, Mazur, Kaczmarek, Wrona, Pawlak, Duda, Król"
  ],
  ["Oksana, Andriy, Iryna, Taras", "Tkachenko, Kovalenko, Bondar, Melnyk"],
  ["Sanne, Bram, Lotte, Daan, Femke, Ruben", "van der Berg, de Vries, Jansen, Bakker, Visser, Smit"],
  ["Nikos, Eleni, Giorgos, Katerina", "Georgiou, Nikolaou, Ioannou, Stavrou"],
  ["Leah, Noam, Tamar, Eitan", "Cohen, Levi, Mizrahi, Peretz"],
  [
    "Zeynep, Emre, Ayşe, Murat, Elif, Kerem",
    "Çelik, Kaya, Yılmaz/yilmaz, Demir, Şahin, Doğan"
  ],
  [
    "Fatima, Yusuf, Noor, Omar, Layla, Karim, Amina, Hassan",
    "Haddad, Ahmed, Khalil, Mansour, Nasser, Saleh, Farouk, Aziz"
  ],
  [
    "Priya, Anika, Arjun, Rohan, Kavya, Vikram, Meera, Sanjay, Divya, Rahul",
    "Sharma, Patel, Iyer, Gupta, Nair, Reddy, Banerjee, Desai, Chopra, Menon"
  ],
  [
    "Wei, Xiaofang, Jun, Mei, Hao, Yan, Jie, Ling",
    "Wang, Chen, Zhang, Liu, Huang, Zhao, Lim, Tan"
  ],
  [
    "Hiroshi, Yuki, Kenji, Aiko, Takumi, Naomi, Haruka, Daichi",
    "Tanaka, Nakamura, Sato, Yamada, Kobayashi, Ito, Watanabe, Mori"
  ],
  ["Ji-woo, Min-jun, Seo-yeon, Ha-eun, Do-yun", "Kim, Park, Choi, Jung, Kang"],
  ["Linh, Minh, Thảo, Huy, Mai", "Nguyễn, Trần, Phạm, Vũ, Đặng/dang"],
  [
    "Olu, Amara, Chinedu, Ngozi, Kwame, Abena, Tunde, Efua",
    "Okafor, Mensah, Adeyemi, Owusu, Eze, Boateng, Balogun, Nwosu"
  ],
  ["Wanjiru, Thabo, Zanele, Kamau, Lerato, Sipho", "Khumalo, Dlamini, Nkosi, Mwangi, Njoroge, Moyo"]
]

export const plausibleNames: ReadonlyArray<FullName> = countries.flatMap(([first, last]) =>
  pairs(first.split(", "), last.split(", "))
)
